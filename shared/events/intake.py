"""Events of intake: contacts, requests and the property's settings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from shared.events.envelope import Event, Moment, Personal

Urgency = Literal["emergency", "urgent", "general"]
AttachmentKind = Literal["photo", "scan", "signature", "id_copy"]
Outcome = Literal["SATISFIED", "ANSWERED", "WITHDRAWN", "CANCELLED", "JOINED", "UNREACHED"]


class Requester(Personal):
    """Who asked, as known at that moment, and what was said. `phone` is E.164; language is `zh` or `en`."""

    name: str = ""
    phone: str = ""
    email: str = ""
    language: Literal["zh", "en"] = "zh"
    description: str = ""
    fields: dict[str, str | int | bool] = {}
    was: dict[str, str] = {}  # in an amendment: the old values of what changed


class PropertyConfigured(Event):
    """A property was opened or its settings changed.

    Stream: `property:<property_id>`. Always the whole of the settings.
    """

    TYPE = "intake.property.configured.v1"
    SUBJECT = "property_id"
    property_id: str
    name_zh: str
    name_en: str
    zone: str
    profile: str
    currency: str
    settings: dict[str, str | int | bool] = {}
    duty_chain: tuple[str, ...] = ()
    training: bool = False


class RequestAccepted(Event):
    """An owner's need was accepted: the first event of a request's stream.

    `fields` holds the catalogue's answers that are not personal (start time, vehicle type, people, ...).
    `origin` is `live`, `history` or `replay` (ruling J8). `hazard` is the item of the emergency or urgent
    list that decided the urgency, if any. `zone` and `currency` are the property's, so that a reader that
    has not seen the property yet can number, date and price the work. `delivered_on`: when the unit was given
    to its owner, where that is recorded; its warranties count from then (P024).
    """

    TYPE = "intake.request.accepted.v1"
    request_id: str
    contact_id: str
    reference: str
    procedure: str
    catalogue_version: str
    urgency: Urgency
    urgency_by: str
    hazard: str = ""
    category: str
    area: Literal["indoor", "public"]
    unit_id: str = ""
    building: str = ""
    place: str = ""
    channel: str
    first_contact_id: str
    reported_at: Moment
    recorded_at: Moment
    appointment_at: Moment | None = None
    fields: dict[str, str | int | bool] = {}
    origin: Literal["live", "history", "replay"] = "live"
    zone: str = ""
    currency: str = ""
    person_id: str = ""
    delivered_on: date | None = None
    personal: Requester | None = None


class RequestAmended(Event):
    """A correction with its reason (ruling J25).

    `changed` holds the new values, `was` the old ones; personal ones only in the personal part.
    `fields.<name>` are the catalogue's answers.
    """

    TYPE = "intake.request.amended.v1"
    request_id: str
    reason: str
    changed: dict[str, str] = {}
    was: dict[str, str] = {}
    unit_id: str = ""
    building: str = ""
    place: str = ""
    delivered_on: date | None = None
    amended_at: Moment
    personal: Requester | None = None


class UrgencyRaised(Event):
    """A request became more urgent (anyone may raise; ruling J18).

    `by_slip`: intake takes it that a slip in hand answers it, and opens no stream for a response.
    """

    TYPE = "intake.request.urgency_raised.v1"
    request_id: str
    urgency: Urgency
    by_slip: bool = False
    reason: str
    raised_at: Moment


class UrgencyLowered(Event):
    """A supervisor found a request less urgent, with a reason, not below the lists (ruling J18)."""

    TYPE = "intake.request.urgency_lowered.v1"
    request_id: str
    urgency: Urgency
    reason: str
    lowered_at: Moment


class EmergencyRaised(Event):
    """A routine request became an emergency.

    First event of the urgent stream `emergency:<request_id>`, complete in itself.
    """

    @staticmethod
    def stream(request_id: str) -> str:
        """The urgent stream of a request that became an emergency."""
        return f"emergency:{request_id}"

    TYPE = "intake.emergency.raised.v1"
    request_id: str
    procedure: str
    category: str
    hazard: str = ""
    area: Literal["indoor", "public"]
    unit_id: str = ""
    building: str = ""
    place: str
    first_contact_id: str
    reported_at: Moment
    raised_at: Moment
    catalogue_version: str = ""
    zone: str = ""
    currency: str = ""
    personal: Requester | None = None


class RequestCancelled(Event):
    """The caller changed his mind (ruling J5). `notice_received_at` is when the desk got the notice."""

    TYPE = "intake.request.cancelled.v1"
    request_id: str
    reason: str
    notice_received_at: Moment
    cancelled_at: Moment
    joined: bool = False  # it was joined to another request: the owner did not change his mind


class RequestJoined(Event):
    """It is the same matter as another request and ends with that one (ruling J7); its own slip is given
    back.
    """

    TYPE = "intake.request.joined.v1"
    request_id: str
    incident_id: str
    joined_at: Moment


class TimeAsked(Event):
    """The customer demands a fixed time; a supervisor decides (P012, R5)."""

    TYPE = "intake.request.time_asked.v1"
    request_id: str
    wanted_at: Moment
    asked_at: Moment


class TimePromised(Event):
    """A time was promised to the customer, after the work was arranged (P012, P013)."""

    TYPE = "intake.request.time_promised.v1"
    request_id: str
    promised_at: Moment
    reason: str = ""


class ExtensionNeeded(Event):
    """A promised time comes near and the work is not done.

    The customer has to be told before it passes (P013).
    """

    TYPE = "intake.request.extension_needed.v1"
    request_id: str
    promised_at: Moment
    first_contact_id: str
    noticed_at: Moment


class PromiseMissed(Event):
    """A promised time has passed and the work is not done."""

    TYPE = "intake.request.promise_missed.v1"
    request_id: str
    promised_at: Moment
    first_contact_id: str
    missed_at: Moment


class FirstContactTaken(Event):
    """Somebody took over an item that had come where nobody of ours was: he is its first contact (P009)."""

    TYPE = "intake.request.first_contact_taken.v1"
    request_id: str
    first_contact_id: str
    taken_at: Moment


class FirstContactMissing(Event):
    """Nobody has taken over an item within the set time (P009)."""

    TYPE = "intake.request.first_contact_missing.v1"
    request_id: str
    channel: str
    since: Moment
    raised_at: Moment


class RequestReopened(Event):
    """The owner was not satisfied: the matter goes on."""

    TYPE = "intake.request.reopened.v1"
    request_id: str
    reason: str
    reopened_at: Moment


class RequestClosed(Event):
    """The request reached one of the end states of ruling J7."""

    TYPE = "intake.request.closed.v1"
    request_id: str
    outcome: Outcome
    closed_at: datetime


class AttachmentAdded(Event):
    """A file was added to a request: its id, hash and class, never its bytes or a name somebody gave it.

    `sha256` is of the bytes as they are kept. Width and height in pixels for pictures, pages for PDF.
    """

    TYPE = "intake.attachment.added.v1"
    request_id: str
    attachment_id: str
    kind: AttachmentKind
    sha256: str
    media_type: str
    size_bytes: int
    width: int = 0
    height: int = 0
    pages: int = 0
    added_by: str
    added_at: Moment


class AttachmentErased(Event):
    """The bytes of a file go: its retention term is over, or the person it is of was erased."""

    TYPE = "intake.attachment.erased.v1"
    request_id: str
    attachment_id: str
    kind: AttachmentKind
    sha256: str
    reason: Literal["retention", "person"]
    erased_at: Moment


class AttachmentRemoved(Event):
    """A supervisor took a file away, with a reason: its bytes go, this record of it stays."""

    TYPE = "intake.attachment.removed.v1"
    request_id: str
    attachment_id: str
    kind: AttachmentKind
    sha256: str
    reason: str
    removed_by: str
    removed_at: Moment
