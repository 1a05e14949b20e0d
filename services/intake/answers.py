"""What intake answers: the models of its HTTP API.

What a command answers is stored under its key, so it carries no personal data; details with names and numbers
are read anew by whoever may.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.intake.attachment_answers import AttachmentItem
from services.intake.domain.request import Request
from shared.http.actions import AllowedAction


class Answer(BaseModel):
    """Base of all answers; built from aggregates."""

    model_config = ConfigDict(from_attributes=True)


class Duplicate(Answer):
    """An open request about the same place and category: to be asked about, never a reason to refuse."""

    id: str
    reference: str
    urgency: str
    stage: str
    reported_at: datetime


class RequestState(Answer):
    """Where a request stands after a command.

    Without personal data, because it is kept for repeated commands.
    """

    id: str
    version: int
    reference: str
    contact_id: str
    procedure: str
    status: str
    stage: str
    urgency: str
    urgency_by: str
    lane: str
    first_contact_id: str
    unit_id: str
    reported_at: datetime
    promised_at: datetime | None
    not_supplied: list[str]
    complete_by: datetime | None
    allowed_actions: list[AllowedAction]


class CallerAnswer(Answer):
    """Who asked."""

    name: str
    phone: str
    email: str
    language: str


class WorkAnswer(Answer):
    """The latest work order, as dispatch told it."""

    work_order_id: str
    slip: str
    department: str
    kind: str
    step: str
    assignee_id: str
    issued_at: datetime | None
    due_at: datetime | None
    arranged_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None


class AccountAnswer(Answer):
    """The money of the request in minor units, as billing told it."""

    currency: str
    quoted_minor: int | None
    consented: bool
    charged_minor: int
    paid_minor: int
    deposit_minor: int
    deposit: str
    settled_at: datetime | None
    clear: bool


class PromiseAnswer(Answer):
    """The time told to the customer."""

    promised_at: datetime | None
    made_at: datetime | None
    made_by: str
    customer_named: bool
    moved: int
    missed: int
    wanted_at: datetime | None


class TalkAnswer(Answer):
    """The director's conversation with a special client after handling (P009)."""

    waiting: bool
    due_at: datetime | None
    held_at: datetime | None
    held_by: str
    late: bool
    outcome: str


class RequestItem(Answer):
    """A request in a list."""

    id: str
    version: int
    reference: str
    procedure: str
    category: str
    status: str
    stage: str
    urgency: str
    area: str
    unit_id: str
    place: str
    department: str
    slip: str = ""
    first_contact_id: str
    reported_at: datetime
    promised_at: datetime | None = None
    due_at: datetime | None = None
    closed_at: datetime | None


class RequestDetail(RequestItem):
    """All that is known of a request.

    `paperwork_late`: an emergency whose paper is overdue (P020). `warranty_suggested`: it was reported
    within the unit's warranty, which ends with `warranty_until` (P024).
    """

    catalogue_version: str
    urgency_by: str
    hazard: str
    lane: str
    process: str
    case_state: str
    difficult: bool
    building: str
    description: str
    fields: dict[str, str | int | bool]
    personal_fields: dict[str, str | int | bool]
    caller: CallerAnswer
    person_id: str
    possible_people: list[str] = []
    contact_id: str
    channel: str
    recorded_by: str
    recorded_at: datetime
    appointment_at: datetime | None
    origin: str
    import_source: str
    not_supplied: list[str]
    set_aside: list[str]
    complete_by: datetime | None
    paperwork_late: bool = False
    warranty_suggested: bool = False
    warranty_until: date | None = None
    promise: PromiseAnswer
    notice_received_at: datetime | None
    work: WorkAnswer | None
    slips: list[str]
    account: AccountAnswer
    talk: TalkAnswer
    unanswered_callbacks: int
    reopened: int
    possible_duplicates: list[Duplicate] = []
    attachments: list[AttachmentItem] = []
    allowed_actions: list[AllowedAction] = []


class TimelineItem(Answer):
    """One line of a timeline: who, when, what, from where (ruling J24)."""

    id: str
    at: datetime
    who: str
    what: str
    source: str
    device: str
    on_behalf_of: str
    detail: dict[str, str]


class CatalogueItem(Answer):
    """A procedure in the list of the catalogue."""

    id: str
    number: str
    title_zh: str
    title_en: str
    kind: str
    opens: bool
    version: str


class Items(BaseModel):
    """A page of a list. `next` is the cursor of the page after it, null on the last one."""

    items: list[dict[str, Any]]
    next: str | None


def state_of(
    request: Request, actions: list[AllowedAction], duplicates: Iterable[Request] = ()
) -> RequestState:
    """Where a request stands that is just being saved; its version is the one after the save."""
    assert request.reported_at is not None
    return RequestState(
        id=request.id,
        version=request.version + 1,
        reference=request.reference,
        contact_id=request.contact_id,
        procedure=request.procedure,
        status=request.status,
        stage=request.stage,
        urgency=request.urgency,
        urgency_by=request.urgency_by,
        lane=request.lane,
        first_contact_id=request.first_contact_id,
        unit_id=request.unit_id,
        reported_at=request.reported_at,
        promised_at=request.promise.promised_at,
        not_supplied=list(request.not_supplied),
        complete_by=request.complete_by,
        allowed_actions=actions,
    )


def duplicate_of(other: Request) -> Duplicate:
    """What is shown of a possible duplicate."""
    return Duplicate.model_validate(other)
