"""Accepting an owner's need (P018, P020, P066): from what was sent to a request, or to a clear refusal.

Nothing refuses an emergency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.domain.bodies import RequestBody
from services.intake.domain.directory import Unit
from services.intake.domain.fields import check_answers
from services.intake.domain.request import Request, personal_key, requester, same_as
from services.intake.domain.times import check_fact
from services.intake.domain.told import (
    Circumstances,
    appointment_of,
    area_of,
    caller_of,
    category_of,
    check_what,
    first_contact_of,
    not_supplied,
    place_of,
    reported_at_of,
)
from services.intake.domain.urgency import decide
from services.intake.domain.watch import silence
from shared.errors import Conflict, Invalid
from shared.events.intake import RequestAccepted
from shared.texts.say import say, words

DUPLICATES_SHOWN_MAX = 5


def accepted(request_id: str, reference: str, body: RequestBody, seen: Circumstances) -> Request:
    """The request as it is accepted.

    Raises Invalid naming the field, unless it is an emergency with a place and a word of what.
    """
    decided = decide(seen.rules, body.hazard, body.urgency)
    emergency = decided.urgency == "emergency"
    lenient = emergency or seen.imported
    if not lenient:
        _check_opens(body, seen)
    _check_origin(body, seen)
    place, unit_text = place_of(body, seen, lenient=lenient)
    check_what(body, decided, seen, lenient=lenient)
    area = area_of(body, seen, lenient=lenient)
    answers = check_answers(seen.rules.fields, body.fields, area=area, lenient=lenient)
    caller, caller_aside = caller_of(body, seen, lenient=lenient)
    reported_at = reported_at_of(body, seen, emergency=emergency)
    category = category_of(body, seen.rules, lenient=lenient)
    history, desk = body.origin == "history", seen.procedure.desk
    missing = not_supplied(body, seen, answers, caller)
    unit_id = seen.unit.id if seen.unit else ""
    works = seen.procedure.dispatch is not None and not history
    waits = works and body.outcome is None
    watch_for, watch_at = silence(seen.procedure.dispatch, decided.urgency, seen.now) if waits else ("", None)
    return Request(
        seen.settled.property_id,
        request_id,
        reference=reference,
        procedure=seen.procedure.id,
        catalogue_version=seen.procedure.version,
        works=works,
        process="" if history or desk is None else desk.process,
        status=body.outcome or "OPEN",
        stage="CLOSED" if body.outcome else "RECEIVED",
        urgency=decided.urgency,
        urgency_by=decided.by,
        hazard=decided.hazard,
        lane=seen.lane,
        category=category,
        area=area,
        unit_id=unit_id,
        building=seen.unit.building if seen.unit else "",
        place=place,
        description=body.description,
        fields=answers.open,
        personal_fields=answers.personal,
        caller=caller,
        person_id=seen.person.person_id if seen.person else "",
        contact_id=seen.contact.id if seen.contact else "",
        channel=seen.contact.channel if seen.contact else "",
        first_contact_id=first_contact_of(body, seen),
        recorded_by=seen.by,
        device=seen.device,
        reported_at=reported_at,
        recorded_at=seen.now,
        appointment_at=appointment_of(body, answers, seen, lenient=lenient),
        origin=body.origin,
        import_source=body.import_source,
        not_supplied=missing,
        set_aside=(*seen.aside, *answers.set_aside, *caller_aside, *unit_text),
        complete_by=_complete_by(seen) if emergency and missing and not history else None,
        same_as="" if body.outcome else same_as(unit_id, place, category),
        closed_at=body.closed_at,
        watch_for=watch_for,
        watch_at=watch_at,
    )


def accepted_event(request: Request, zone: str, currency: str, home: Unit | None = None) -> RequestAccepted:
    """The first event of the request's stream; names, numbers and words only in the personal part."""
    assert request.reported_at is not None
    assert request.recorded_at is not None
    return RequestAccepted(
        personal_key=personal_key(request),
        request_id=request.id,
        contact_id=request.contact_id,
        reference=request.reference,
        procedure=request.procedure,
        catalogue_version=request.catalogue_version,
        urgency=request.urgency,
        urgency_by=request.urgency_by,
        hazard=request.hazard,
        category=request.category,
        area=request.area,
        unit_id=request.unit_id,
        building=request.building,
        place=request.place,
        channel=request.channel,
        first_contact_id=request.first_contact_id,
        reported_at=request.reported_at,
        recorded_at=request.recorded_at,
        appointment_at=request.appointment_at,
        fields=dict(request.fields),
        origin=request.origin,
        zone=zone,
        currency=currency,
        person_id=request.person_id,
        delivered_on=home.delivery if home is not None and home.id == request.unit_id else None,
        personal=requester(request),
    )


def possible_duplicates(request: Request, others: Iterable[Request], window_hours: int) -> list[Request]:
    """Open requests about the same place and category within the window, newest first: pointed out, never
    refused.
    """
    assert request.reported_at is not None
    window = timedelta(hours=window_hours)
    near = [
        other
        for other in others
        if other.id != request.id
        and other.open
        and other.same_as == request.same_as != ""
        and other.reported_at is not None
        and abs(other.reported_at - request.reported_at) <= window
    ]
    return sorted(near, key=lambda other: (other.reported_at, other.id), reverse=True)[:DUPLICATES_SHOWN_MAX]


def _check_opens(body: RequestBody, seen: Circumstances) -> None:
    if not seen.procedure.opens or seen.procedure.kind != "case":
        raise Invalid(
            "procedure-not-opened",
            "No request is opened with this procedure.",
            field="procedure",
            accepted="another procedure",
        )
    if seen.contact is None:
        raise Invalid(
            "missing-contact",
            "How did this reach us?",
            field="contact",
            accepted="contact_id of a recorded contact, or contact",
        )
    only = seen.rules.channels_only
    if only and seen.contact.channel not in only:
        raise Invalid(
            "channel-refused",
            "This procedure is not opened over this channel.",
            field="contact.channel",
            accepted=say("one of {choices}", choices=words(only)),
        )
    if seen.contact.channel in seen.rules.channels_refused:
        raise Invalid(
            "channel-refused",
            "This procedure is not opened over this channel.",
            field="contact.channel",
            accepted=say("another channel than {choices}", choices=words(seen.rules.channels_refused)),
        )


def _check_origin(body: RequestBody, seen: Circumstances) -> None:
    if body.origin == "replay" and not seen.settled.training:
        raise Conflict(
            "replay-into-real",
            "A replay goes into a training property only (ruling J8).",
            field="origin",
            accepted="live",
        )
    if (body.outcome is None) != (body.closed_at is None):
        raise Invalid(
            "half-closed",
            "An end has a state and a time.",
            field="outcome",
            accepted="outcome with closed_at, or neither",
        )
    if body.outcome is not None and body.origin != "history":
        raise Invalid(
            "closed-already",
            "Only history is closed when it comes in.",
            field="outcome",
            accepted="no outcome",
        )
    if body.closed_at is not None:
        check_fact(body.closed_at, seen.now, seen.limits, "closed_at", any_age=True)
        if body.reported_at is not None and body.closed_at < body.reported_at:
            raise Invalid(
                "times-out-of-order",
                "It cannot end before it began.",
                field="closed_at",
                accepted="a later time",
            )


def _complete_by(seen: Circumstances) -> datetime | None:
    """When the paper of an emergency must be complete (P020)."""
    rules = seen.procedure.dispatch
    return seen.now + timedelta(hours=rules.paperwork_within_hours) if rules is not None else None


def completed(request: Request, supplied: Sequence[str]) -> Request:
    """The request after what was missing has been supplied; the paperwork's deadline goes with the last
    of it (P020).
    """
    missing = tuple(name for name in request.not_supplied if name not in supplied)
    return replace(request, not_supplied=missing, complete_by=request.complete_by if missing else None)
