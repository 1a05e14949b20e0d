"""From an event and the notices its procedure lists to messages: who is told, in which words, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.notify.domain.copies import PropertyCopy, RequestCopy, Worker
from services.notify.domain.message import Audience, Hop, Language, Message, queue_of
from services.notify.domain.quiet import QuietHours, held
from services.notify.domain.rendering import names_in, render, shown
from services.notify.domain.staff import StaffCopy
from shared.catalogue.model import FIRST_CONTACT, POST, RESPONSIBLE, Notice, Procedure
from shared.events.billing import ForfeitureOverdue
from shared.events.dispatch import SlipAlarm, WorkOrderAssigned, WorkOrderIssued
from shared.events.dispatch_callbacks import CallbackOverdue, ProblemNoticed
from shared.events.envelope import Event, Lane
from shared.events.intake_emergency import OwnerWarned
from shared.events.intake_guide import GuideAnnounced
from shared.ids import derived_id

ZONE_UNTIL_KNOWN = "Asia/Shanghai"
STANDS_IN = "cs_supervisor"  # for a first contact who cannot be told himself
DUTY_POST = "duty_officer"
NAMES_STAFF = (
    WorkOrderIssued,
    WorkOrderAssigned,
    SlipAlarm,
    ProblemNoticed,
    CallbackOverdue,
)  # their personal part is who has to act


@dataclass(frozen=True, slots=True)
class Text:
    """A wording in one language. `sms` is false while the provider has not approved it (ruling J26)."""

    subject: str
    text: str
    sms: bool = True
    provider_template: str = ""


class Words(Protocol):
    """All wordings, by template and language."""

    def text(self, template: str, language: Language) -> Text | None:
        """The wording, if there is one."""
        ...

    def cut(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values, as long as their variables allow."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is to be told. `id` is what he is known by, never an address."""

    audience: Audience
    id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language = "zh"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Everything messages are made from. `request` and `configured` are missing while they are not known."""

    cause_id: str
    property_id: str
    stream: str
    lane: Lane
    event: Event
    now: datetime
    request: RequestCopy | None
    configured: PropertyCopy | None
    procedure: Procedure | None
    quiet: QuietHours | None
    staff: Mapping[str, tuple[StaffCopy, ...]] = field(default_factory=dict)
    traceparent: str = ""

    @property
    def emergency(self) -> bool:
        """Whether it is about an emergency: no quiet hours, a queue of its own."""
        urgency = getattr(self.event, "urgency", "")
        return urgency == "emergency" or (self.request is not None and self.request.urgency == "emergency")

    @property
    def training(self) -> bool:
        """Whether nothing may leave the machine: a training property, or calls that are played again (J8)."""
        replayed = self.request is not None and self.request.origin == "replay"
        return replayed or (self.configured is not None and self.configured.training)

    @property
    def zone(self) -> str:
        """The time zone times are written in."""
        if self.configured is not None:
            return self.configured.zone
        return (self.request.zone if self.request is not None else "") or ZONE_UNTIL_KNOWN


def messages(occasion: Occasion, notices: Sequence[Notice], words: Words) -> list[Message]:
    """The messages of an event, each once; imported history tells nobody (ruling J8)."""
    if occasion.request is not None and occasion.request.origin == "history":
        return []
    found: dict[str, Message] = {}
    for notice in notices:
        if notice.applies(occasion.event):
            for reader in _readers(occasion, notice):
                message = _message(occasion, reader, notice.template, words)
                found.setdefault(message.id, message)
    return list(found.values())


def _readers(occasion: Occasion, notice: Notice) -> Iterator[Reader]:
    request, event = occasion.request, occasion.event
    if to := whom(notice, event):
        yield from _named(occasion, to)
    elif isinstance(event, OwnerWarned | GuideAnnounced):  # owners who asked for nothing (P015, P020)
        if (who := event.personal) is not None:
            yield Reader("owner", event.person_id, who.name, who.phone, who.email, who.language)
    elif notice.audience == "staff":
        yield from _staff(occasion)
    elif request is not None and not request.erased and not request.nobody:
        yield Reader("owner", "owner", request.name, request.phone, request.email, request.language)


def whom(notice: Notice, event: Event) -> str:
    """Which of the staff a notice is for.

    A forfeiture nobody decided names a post, and only that post decides (ruling J4).
    """
    return notice.to or (POST if isinstance(event, ForfeitureOverdue) else "")


def person_meant(event: Event, request: RequestCopy | None, to: str) -> str:
    """The staff id a notice is for that names one person; empty for a role, or while nobody is named."""
    if to == RESPONSIBLE:
        return str(getattr(event, "responsible_id", ""))
    if to == FIRST_CONTACT:
        return getattr(event, "first_contact_id", "") or (request.first_contact_id if request else "")
    return ""


def _named(occasion: Occasion, to: str) -> Iterator[Reader]:
    """The person meant, as far as he is known; the holders of a role, or the post while nobody holds it.

    For a person on no roster his supervisors stand in (`occasion.staff`), and for them their post (P009).
    """
    known = occasion.staff.get(to, ())
    for one in known:
        yield Reader("staff", one.id, one.name, one.phone, one.email, one.language)
    if not known and to == POST:
        yield _at_post(occasion, _post(occasion.event))
    elif not known and to in (FIRST_CONTACT, RESPONSIBLE):
        if person_meant(occasion.event, occasion.request, to):
            yield _at_post(occasion, STANDS_IN)
    elif not known:
        yield Reader("staff", to, phone=_telephone(occasion, to))


def _at_post(occasion: Occasion, post: str) -> Reader:
    """Whoever is at a post, by its telephone; one without a telephone is reached by the duty officer's.

    Not where nobody but the post can act.
    """
    only = isinstance(occasion.event, ForfeitureOverdue)
    phone = _telephone(occasion, post) or ("" if only else _telephone(occasion, DUTY_POST))
    return Reader("staff", post, phone=phone)


def _telephone(occasion: Occasion, post: str) -> str:
    """The duty telephone the property has set for a post, if any."""
    configured = occasion.configured
    return configured.text(f"property.phones.{post}") if configured else ""


def _staff(occasion: Occasion) -> Iterator[Reader]:
    """The person the event names; otherwise who has the work order, or all who have one of the request."""
    event = occasion.event
    if isinstance(event, NAMES_STAFF):
        who = event.personal
        if who is not None and who.staff_id:
            yield Reader("staff", who.staff_id, who.name, who.phone, who.email, who.language)
        else:
            yield _at_post(occasion, _post(event))
        return
    request = occasion.request
    if request is None:
        return
    worker = request.worker(str(getattr(event, "work_order_id", "")))
    for one in (worker,) if worker is not None else request.workers:
        if one.staff_id:
            yield Reader("staff", one.staff_id, one.name, one.phone, one.email, one.language)


def _post(event: Event) -> str:
    """The post that has to act while nobody is known to hold it; a message to it goes to a person's list."""
    return getattr(event, "to_role", "") or getattr(event, "department", "") or "duty"


def _message(occasion: Occasion, reader: Reader, template: str, words: Words) -> Message:
    known = words.text(template, reader.language)
    wording = known or Text("", "")
    used = sorted(names_in(wording.text) | names_in(wording.subject))
    values = words.cut(_values(occasion, reader, used))
    recipient = f"{reader.audience}:{reader.id}"
    plan = _plan(occasion, reader, recipient, template, wording) if known else ()
    message = Message(
        property_id=occasion.property_id,
        id=derived_id("message", occasion.cause_id, recipient, template),
        request_id=str(getattr(occasion.event, "request_id", "")),
        stream=occasion.stream,
        lane=occasion.lane,
        queue=queue_of(occasion.lane, emergency=occasion.emergency),
        audience=reader.audience,
        recipient=recipient,
        template=template,
        language=reader.language,
        created_at=occasion.now,
        subject=render(wording.subject, values),
        text=render(wording.text, values),
        params=values,
        provider_template=wording.provider_template,
        plan=plan,
        channel=plan[0].channel if plan else "",
        next_attempt_at=occasion.now if plan else None,
        traceparent=occasion.traceparent,
    )
    return held(message, occasion.quiet, occasion.now)


def _plan(
    occasion: Occasion, reader: Reader, recipient: str, template: str, wording: Text
) -> tuple[Hop, ...]:
    def key(channel: str) -> str:
        return derived_id(occasion.cause_id, recipient, template, channel)

    if occasion.training:
        return (Hop("training", "", key("training")),)
    plan = []
    if reader.phone and wording.sms:
        plan.append(Hop("sms", reader.phone, key("sms")))
    if reader.email:
        plan.append(Hop("email", reader.email, key("email")))
    return tuple(plan)


def _values(occasion: Occasion, reader: Reader, names: Iterable[str]) -> dict[str, str]:
    """The value of each variable: of the context, else the field of the event that is called so."""
    context = _context(occasion, reader.language)
    values = {}
    for name in names:
        value = context[name] if name in context else getattr(occasion.event, name, None)
        if value not in (None, ""):
            values[name] = shown(value, reader.language, occasion.zone)
    return values


def _context(occasion: Occasion, language: Language) -> dict[str, object]:
    event, request, configured = occasion.event, occasion.request, occasion.configured
    worker = None if request is None else _worker(event, request)
    contact = event.personal if isinstance(event, NAMES_STAFF) else worker
    slip = getattr(event, "slip", "") or (worker.slip if worker else "")
    return {
        "property_name": configured.name(language) if configured else "",
        "property_phone": configured.text("property.phones.hotline") if configured else "",
        "procedure": _title(occasion, language),
        "reference": getattr(event, "reference", "") or (request.reference if request else ""),
        "place": getattr(event, "place", "") or (request.place if request else ""),
        "staff_name": contact.name if contact else "",
        "first_contact": person_meant(event, request, FIRST_CONTACT),
        "slip": slip,
        "hazard_name": getattr(event, f"hazard_{language}", ""),
        "cancel_notice_hours": _cancel_notice_hours(occasion.procedure),
    }


def _title(occasion: Occasion, language: Language) -> str:
    procedure = occasion.procedure
    if procedure is None:
        return occasion.request.procedure if occasion.request else ""
    return procedure.title_zh if language == "zh" else procedure.title_en


def _cancel_notice_hours(procedure: Procedure | None) -> object:
    return procedure.dispatch.cancel_notice_hours if procedure and procedure.dispatch else None


def _worker(event: Event, request: RequestCopy) -> Worker | None:
    named = request.worker(str(getattr(event, "work_order_id", "")))
    return named or (request.workers[-1] if request.workers else None)
