"""What callers send to intake: the bodies of its HTTP API, which are also the content of its commands.

Shapes and sizes only.

Rules are elsewhere in this package. Every text is bounded and stripped; nothing extra is accepted; times
carry an offset.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from services.intake.domain.times import Day, Instant
from shared.events.intake import Outcome, Urgency
from shared.ids import ID_PATTERN

INTEGER_MAX = 2**53
BULK_MAX = 500
DESCRIPTION_MAX = 4_000

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=DESCRIPTION_MAX)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=32)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+\.[^@\s]+$")
]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
MaybeId = Annotated[str, StringConstraints(pattern=rf"^$|{ID_PATTERN}")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
Number = Annotated[StrictInt, Field(ge=-INTEGER_MAX, le=INTEGER_MAX)]
FieldText = Annotated[str, StringConstraints(strict=True, max_length=DESCRIPTION_MAX)]
FieldValue = FieldText | Number | StrictBool
Language = Literal["zh", "en"]
Area = Literal["indoor", "public"]
Origin = Literal["live", "history", "replay"]


class Body(BaseModel):
    """Base of all bodies: frozen, nothing extra."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PropertyBody(Body):
    """The whole of a property's settings (PUT).

    `duty_chain` names the roles or people called last (ruling J21), first one first.
    """

    name_zh: Annotated[Text, Field(min_length=1)]
    name_en: Annotated[Text, Field(min_length=1)]
    zone: Annotated[Text, Field(min_length=1)]
    profile: Name
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    settings: Annotated[dict[Name, FieldValue], Field(max_length=200)] = {}
    duty_chain: Annotated[tuple[Id, ...], Field(max_length=20)]
    training: bool = False


class UnitBody(Body):
    """A unit by its label, building-floor-room: `3-2-1801`. The id is the label unless another is given.

    `delivered_on`: the day the developer handed it over, from which its warranties count (P024); left out,
    what was known stays.
    """

    unit_id: MaybeId = ""
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=48)]
    kind: Literal["flat", "villa", "office", "shop", "other"] = "flat"
    delivered_on: Day | None = None


class UnitsBody(Body):
    """Up to 500 units, recorded in one commit: all or none."""

    units: Annotated[tuple[UnitBody, ...], Field(min_length=1, max_length=BULK_MAX)]


class Residence(Body):
    """What a person is in one unit."""

    unit_id: Id
    role: Literal["owner", "tenant", "family"]


class PersonBody(Body):
    """An owner, tenant or member of a household. Recording an id again replaces what was recorded.

    `special`: a special client, to whom the director talks himself after handling (P009).
    """

    person_id: MaybeId = ""
    name: Annotated[Text, Field(min_length=1)]
    phones: Annotated[tuple[Phone, ...], Field(max_length=5)] = ()
    email: Email = ""
    language: Language = "zh"
    special: bool = False
    units: Annotated[tuple[Residence, ...], Field(max_length=20)] = ()


class PeopleBody(Body):
    """Up to 500 people, recorded in one commit: all or none."""

    people: Annotated[tuple[PersonBody, ...], Field(min_length=1, max_length=BULK_MAX)]


class ContactBody(Body):
    """A call, visit, letter or online message (domain §4.8).

    `agent_id` is who answered or stood at the window; left out, it is who records it. `about_request_id`
    links it to an open request; `result` says whether an outgoing call reached the owner.
    """

    contact_id: MaybeId = ""
    channel: Name
    direction: Literal["in", "out"] = "in"
    caller_phone: Phone = ""
    agent_id: MaybeId = ""
    person_id: MaybeId = ""
    about_request_id: MaybeId = ""
    started_at: Instant | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    result: Literal["", "reached", "no_answer"] = ""
    note: Long = ""


class CallerBody(Body):
    """Who asks, as they say it."""

    name: Text = ""
    phone: Phone = ""
    email: Email = ""
    language: Language | None = None


class RequestBody(Body):
    """An owner's need. Either `contact_id` of a recorded contact or `contact`, which is recorded with it.

    `hazard` is an item of the emergency or urgent list; `urgency` is what a person asks for. An emergency
    needs only a place (`unit_id` or `place`) and a word of what is wrong (`description`, `category` or
    `hazard`). `origin`, `import_source`, `outcome` and `closed_at` are for imports (ruling J8).
    """

    request_id: MaybeId = ""
    procedure: Name
    category: Text = ""
    area: Area | None = None
    urgency: Urgency | None = None
    hazard: Text = ""
    unit_id: Text = ""
    place: Text = ""
    description: Long = ""
    person_id: MaybeId = ""
    requester: CallerBody = CallerBody()
    fields: Annotated[dict[Text, FieldValue], Field(max_length=50)] = {}
    appointment_at: Instant | None = None
    reported_at: Instant | None = None
    contact_id: MaybeId = ""
    contact: ContactBody | None = None
    first_contact_id: MaybeId = ""
    origin: Origin = "live"
    import_source: Annotated[str, StringConstraints(pattern=r"^$|^[a-z][a-z0-9-]{1,31}$")] = ""
    outcome: Outcome | None = None
    closed_at: Instant | None = None


class AmendBody(Body):
    """A correction with its reason (ruling J25).

    Only what is given changes; a field set to null is taken away.
    """

    reason: Reason
    unit_id: MaybeId | None = None
    place: Text | None = None
    category: Text | None = None
    area: Area | None = None
    hazard: Text | None = None
    description: Long | None = None
    person_id: MaybeId | None = None
    requester: CallerBody | None = None
    fields: Annotated[dict[Text, FieldValue | None], Field(max_length=50)] = {}
    appointment_at: Instant | None = None


class RaiseBody(Body):
    """More urgent than it is (ruling J18: anyone)."""

    urgency: Literal["emergency", "urgent"]
    reason: Reason
    hazard: Text = ""


class LowerBody(Body):
    """Less urgent than it is, never below the lists (ruling J18: a supervisor)."""

    urgency: Literal["urgent", "general"]
    reason: Reason


class CancelBody(Body):
    """The caller changed his mind (ruling J5).

    `notice_received_at` is when the desk got the notice; left out: now.
    """

    reason: Reason
    notice_received_at: Instant | None = None
    contact_id: MaybeId = ""


class AskTimeBody(Body):
    """The time the customer demands; nobody agrees on the spot, a supervisor decides (P012)."""

    wanted_at: Instant


class PromiseBody(Body):
    """A time told to the customer (P012).

    Moving an earlier promise needs the contact in which he was told beforehand, and how he took it (P013).
    """

    promised_at: Instant
    customer_named: bool = False
    reaction: Literal["", "understood", "objected"] = ""
    reason: Annotated[Text, Field(max_length=200)] = ""
    contact_id: MaybeId = ""
    on_behalf_reason: Text = ""


class ConfirmBody(Body):
    """The owner is satisfied. Who is not the first contact says why he confirms (P009)."""

    contact_id: MaybeId = ""
    note: Text = ""
    on_behalf_reason: Text = ""


class TakeBody(Body):
    """Whoever sends it takes the item over."""

    note: Text = ""


class ReopenBody(Body):
    """The owner is not satisfied: the matter goes on."""

    reason: Reason
    contact_id: MaybeId = ""
    on_behalf_reason: Text = ""


class UnreachedBody(Body):
    """The owner could not be reached for a confirmation (ruling J7: a supervisor)."""

    reason: Reason
