"""The work order (派工单): what is to be done, by whom, until when, and how far it is.

One document per slip. It keeps the rules it was issued under (`Terms`), so that a request is finished under
the catalogue it was opened with. History is not kept here but in the journal: every field is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.dispatch.domain.evidence import Given
from services.dispatch.domain.side import Material, NoticeSigned, Outside, Undone
from services.dispatch.domain.site import Site
from shared.catalogue.model import DispatchRules
from shared.events.dispatch import WorkKind
from shared.events.envelope import Lane
from shared.events.intake import Urgency
from shared.money import Money

Area = Literal["indoor", "public"]
Mode = Literal["push", "collect", "radio"]
QuoteState = Literal["offered", "consented", "refused"]
DepositState = Literal["none", "requested", "held"]
Status = Literal[
    "ISSUED",
    "COLLECTED",
    "CONTACTED",
    "ON_SITE",
    "ITEM_CONFIRMED",
    "QUOTED",
    "CONSENTED",
    "OBJECTED",
    "STARTED",
    "REPAIRED",
    "SIGNED",
    "CLOSED",
    "WITHDRAWAL_MARKED",
    "WITHDRAWN",
    "CANCELLED",
    "ASKED",
    "AVAILABLE",
    "UNAVAILABLE",
    "TAXI_CALLED",
    "FORM_SIGNED",
    "DEPOSIT_PAID",
    "BOOKED",
    "USED",
    "CANCELLED_IN_TIME",
    "CANCELLED_LATE",
    "UNDONE",
    "UNDONE_SIGNED",
    "UNDONE_WITH_CS",
    "NOT_DONE",
    "WITH_SUPERVISOR",
    "TRANSFERRED",
    "SOLUTION_SET",
]

# Nothing more can happen to a work order in one of these.
ENDED: frozenset[str] = frozenset(
    {"CLOSED", "WITHDRAWN", "CANCELLED", "TAXI_CALLED", "CANCELLED_IN_TIME", "CANCELLED_LATE", "NOT_DONE"}
)
# The deadline is kept from here on: its timers stop (a repair is repaired, an errand is booked).
DONE: frozenset[str] = ENDED | {"REPAIRED", "SIGNED", "BOOKED", "USED"}

URGENCY_RANK: dict[str, int] = {"general": 0, "urgent": 1, "emergency": 2}
TRIED_MAX = 50  # people remembered as having said "cannot"


@dataclass(frozen=True, slots=True)
class EscalationPoint:
    """Who is told when that much of the time between report and deadline is over."""

    at_percent: int
    to_role: str
    urgent_also: tuple[str, ...] = ()  # who is told besides, where it is urgent or an emergency (P019)


_SHIPPED = DispatchRules.model_fields


@dataclass(frozen=True, slots=True)
class Terms:
    """The catalogue's rules this work order was issued under."""

    mode: Mode
    signatures: tuple[str, ...]
    withdrawal_signature: str
    quote_needed: bool
    supervisor_dispatches: bool
    deposit_percent: int
    cancel_notice_hours: int
    slip_within_minutes: int
    collect_within_minutes: int
    paperwork_within_hours: int
    escalation: tuple[EscalationPoint, ...]
    bell_wait_minutes: int
    late_after_minutes: int
    bells: int = _SHIPPED["bells"].default  # slips of an earlier release do not say
    cancel_confirm_minutes: int = _SHIPPED["cancel_confirm_minutes"].default
    companion: str = ""
    notice_signature: str = ""
    general_assigned_by: tuple[str, ...] = ()  # roles that give out what is not urgent; empty: the policy's


@dataclass(frozen=True, slots=True)
class Quote:
    """What the owner was asked to agree to.

    `total` is known once billing has priced it and the owner agreed.
    """

    quote_id: str
    state: QuoteState
    offered_at: datetime
    total: Money | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed as what. `by` is the person who recorded it.

    `mark` what stands on the form, for an owner.
    """

    signer: str
    by: str
    signed_at: datetime
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The owner withdrew on site (P023): his mark and his words; the supervisor's signature completes it."""

    cause: str
    reason: str
    owner_mark: str
    technician_id: str
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """What the partner confirmed (P066)."""

    partner: str
    detail: str
    price: Money
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """The caller's wish to cancel, as the desk received it (J5)."""

    reason: str
    received_at: datetime
    told_at: datetime | None = None  # when somebody was told that it waits


@dataclass(frozen=True, slots=True)
class Taxi:
    """The owner agreed to a taxi; its plate (P067)."""

    plate: str
    departs_at: datetime | None
    called_at: datetime


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One slip. `slip` (2026-000123), its number and its year never change.

    `stream` and `lane` are those of the event that issued it.
    """

    property_id: str
    id: str
    version: int = 0
    request_id: str = ""
    reference: str = ""
    kind: WorkKind = "repair"
    procedure: str = ""
    catalogue_version: str = ""
    department: str = ""
    category: str = ""
    skill: str = ""
    urgency: Urgency = "general"
    area: Area = "indoor"
    unit_id: str = ""
    delivered_on: str = ""  # the day the unit was handed over, 2025-06-30, as recorded with the unit (P024)
    building: str = ""
    place: str = ""
    stream: str = ""
    lane: Lane = "routine"
    slip: str = ""
    slip_number: int = 0
    slip_year: int = 0
    period: str = ""
    terms: Terms | None = None
    status: Status = "ISSUED"
    open: bool = True
    assignee_id: str = ""
    asked_at: datetime | None = None  # when the assignee was called, until he has taken the slip up
    last_resort: bool = False
    looked_at: datetime | None = None  # when somebody was last looked for, and nobody found
    tried: tuple[str, ...] = ()
    reported_at: datetime | None = None
    issued_at: datetime | None = None
    slip_due_at: datetime | None = None
    collected_at: datetime | None = None
    collected_by: str = ""
    due_at: datetime | None = None
    clock_from: datetime | None = None
    escalated_percent: int = 0  # the highest step of the chain that was raised for the present deadline
    escalations: int = 0
    slip_late_raised: bool = False
    appointment_at: datetime | None = None
    item: str = ""
    item_differs: bool = False
    owner_material: str = ""
    hazard: str = ""
    site: Site | None = None
    return_due_at: datetime | None = None  # until when the slip should be back, from its collection (P027)
    return_late_told: bool = False
    material: Material | None = None
    undone: Undone | None = None
    outside: Outside | None = None
    notice: NoticeSigned | None = None
    handed_in_at: datetime | None = None
    paperwork_told_at: datetime | None = None  # when it was told that a slip is not complete
    quote: Quote | None = None
    deposit: DepositState = "none"
    signatures: tuple[Signature, ...] = ()
    attachments: tuple[Given, ...] = ()
    files_due_at: datetime | None = None  # until when intake has to have told of them all
    withdrawal: Withdrawal | None = None
    booking: Booking | None = None
    taxi: Taxi | None = None
    cancel_notice: Notice | None = None
    done_at: datetime | None = None
    ended_at: datetime | None = None
    rework_of: str = ""
    succeeded_by: str = ""
    first_contact_id: str = ""  # who answers for the request and calls back (P009)
    callback_kind: Literal["", "leak", "safety", "other"] = ""  # "": the owner is not called back

    @property
    def rules(self) -> Terms:
        """The terms, which every issued work order has."""
        assert self.terms is not None
        return self.terms

    @property
    def emergency(self) -> bool:
        """Whether nothing may delay it (J17)."""
        return self.urgency == "emergency"

    @property
    def there(self) -> Site:
        """The visit; an empty one before the first."""
        return self.site or Site()

    @property
    def at_home(self) -> bool:
        """Whether the rules of a visit to a home hold: not in public places, nor in an emergency (P020)."""
        return self.area == "indoor" and self.kind == "repair" and not self.emergency


@dataclass(frozen=True, slots=True)
class PropertyCopy:
    """What dispatch needs of a property's settings; a copy of intake's."""

    property_id: str
    id: str
    version: int = 0
    zone: str = ""
    profile: str = ""
    currency: str = ""
    settings: dict[str, str | int | bool] | None = None
    duty_chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loads:
    """Open work orders per person, rolled up every few seconds.

    Written by the roll-up alone, never by a commit.
    """

    property_id: str
    id: str
    version: int = 0
    counts: dict[str, int] | None = None
    counted_at: datetime | None = None
