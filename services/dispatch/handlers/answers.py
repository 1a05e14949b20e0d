"""What a caller gets to see of a work order, with what may be done next (J23)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel

from services.dispatch.domain.actions import ACTIONS
from services.dispatch.domain.evidence import Copies
from services.dispatch.domain.flow import Action
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.permits import Asked, possible
from services.dispatch.domain.roster import Roster
from services.dispatch.handlers.views import (
    GivenView,
    MissingView,
    NoticeView,
    OutsideView,
    SiteView,
    UndoneView,
    collect_due_at,
    collected_late,
    given_views,
    paperwork_gaps,
    shown,
    site_view,
)
from shared.http.actions import AllowedAction
from shared.policy import Policy
from shared.texts.rows import RefusedRow


def body_name(action: Action) -> str:
    """The name of the body's schema in the OpenAPI document."""
    annotation = ACTIONS[action].model_fields["body"].annotation
    return annotation.__name__ if annotation is not None else ""


BODIES: Mapping[Action, str] = {action: body_name(action) for action in ACTIONS}


class QuoteView(BaseModel):
    """The quote: offered, consented or refused; the total in minor units once the owner agreed."""

    quote_id: str
    state: str
    total_minor: int | None = None
    currency: str = ""


class SignatureView(BaseModel):
    """One signature."""

    signer: str
    by: str
    signed_at: datetime


class BookingView(BaseModel):
    """What the partner confirmed."""

    partner: str
    detail: str
    price_minor: int
    currency: str
    confirmed_at: datetime


class WorkOrderAnswer(BaseModel):
    """A work order as read."""

    version: int
    work_order_id: str
    request_id: str
    reference: str
    kind: str
    procedure: str
    department: str
    category: str
    skill: str
    urgency: str
    area: str
    unit_id: str
    building: str
    place: str
    slip: str
    slip_number: int
    slip_year: int
    period: str
    status: str
    open: bool
    assignee_id: str
    last_resort: bool
    reported_at: datetime | None
    issued_at: datetime | None
    due_at: datetime | None
    collected_at: datetime | None
    collected_by: str
    collect_due_at: datetime | None
    collected_late: bool
    mode: str
    hazard: str
    appointment_at: datetime | None
    done_at: datetime | None
    ended_at: datetime | None
    escalations: int
    item: str
    item_differs: bool
    owner_material: str
    quote_needed: bool
    companion: str
    quote: QuoteView | None
    deposit: str
    signatures: list[SignatureView]
    signatures_missing: list[str]
    attachments: list[GivenView]
    booking: BookingView | None
    taxi_plate: str
    cancel_notice_at: datetime | None
    site: SiteView
    return_due_at: datetime | None
    handed_in_at: datetime | None
    material: MissingView | None
    undone: UndoneView | None
    outside: OutsideView | None
    notice: NoticeView | None
    paperwork_missing: bool
    paperwork_gaps: list[str]
    rework_of: str
    allowed_actions: list[AllowedAction]


class RosterAnswer(BaseModel):
    """What became of a change of a roster: how many were taken over, and the lines that were not."""

    version: int
    department: str
    staff: int
    shifts: int
    accepted: int
    refused: list[RefusedRow] = []


def work_order_answer(order: WorkOrder, asked: Asked, policy: Policy, copies: Copies) -> WorkOrderAnswer:
    """The order as this caller may see it; `order.version` is the stored one."""
    return WorkOrderAnswer(
        version=order.version,
        work_order_id=order.id,
        request_id=order.request_id,
        reference=order.reference,
        kind=order.kind,
        procedure=order.procedure,
        department=order.department,
        category=order.category,
        skill=order.skill,
        urgency=order.urgency,
        area=order.area,
        unit_id=order.unit_id,
        building=order.building,
        place=order.place,
        slip=order.slip,
        slip_number=order.slip_number,
        slip_year=order.slip_year,
        period=order.period,
        status=order.status,
        open=order.open,
        assignee_id=order.assignee_id,
        last_resort=order.last_resort,
        reported_at=order.reported_at,
        issued_at=order.issued_at,
        due_at=order.due_at,
        collected_at=order.collected_at,
        collected_by=order.collected_by,
        collect_due_at=collect_due_at(order),
        collected_late=collected_late(order),
        mode=order.rules.mode,
        hazard=order.hazard,
        appointment_at=order.appointment_at,
        done_at=order.done_at,
        ended_at=order.ended_at,
        escalations=order.escalations,
        item=order.item,
        item_differs=order.item_differs,
        owner_material=order.owner_material,
        quote_needed=order.rules.quote_needed,
        companion=order.rules.companion if order.at_home else "",
        quote=_quote(order),
        deposit=order.deposit,
        signatures=[SignatureView(signer=s.signer, by=s.by, signed_at=s.signed_at) for s in order.signatures],
        signatures_missing=_missing(order),
        attachments=given_views(order.attachments, order.request_id, copies),
        booking=_booking(order),
        taxi_plate=order.taxi.plate if order.taxi is not None else "",
        cancel_notice_at=order.cancel_notice.received_at if order.cancel_notice is not None else None,
        site=site_view(order),
        return_due_at=order.return_due_at,
        handed_in_at=order.handed_in_at,
        material=shown(MissingView, order.material),
        undone=shown(UndoneView, order.undone),
        outside=shown(OutsideView, order.outside),
        notice=shown(NoticeView, order.notice),
        paperwork_missing=order.emergency and order.status == "REPAIRED",
        paperwork_gaps=paperwork_gaps(order, _missing(order)),
        rework_of=order.rework_of,
        allowed_actions=allowed_actions(order, asked, policy),
    )


def allowed_actions(order: WorkOrder, asked: Asked, policy: Policy) -> list[AllowedAction]:
    """What the flow, the policy and who he is let this caller do now."""
    base = f"/v1/properties/{order.property_id}/work-orders/{order.id}"
    return [
        AllowedAction(action=action, path=f"{base}/{action}", body=BODIES[action])
        for action in possible(order, asked)
        if policy.may(asked.actor.roles, ACTIONS[action].NAME)
    ]


def roster_answer(roster: Roster, accepted: int, refused: tuple[RefusedRow, ...] = ()) -> RosterAnswer:
    """The roster after a change."""
    return RosterAnswer(
        version=roster.version,
        department=roster.id,
        staff=len(roster.staff),
        shifts=len(roster.shifts),
        accepted=accepted,
        refused=list(refused),
    )


def _missing(order: WorkOrder) -> list[str]:
    """Who has still to sign; an errand is signed on the partner's form."""
    signed = {s.signer for s in order.signatures}
    return [] if order.kind == "errand" else [s for s in order.rules.signatures if s not in signed]


def _quote(order: WorkOrder) -> QuoteView | None:
    if order.quote is None:
        return None
    total = order.quote.total
    return QuoteView(
        quote_id=order.quote.quote_id,
        state=order.quote.state,
        total_minor=total.amount_minor if total is not None else None,
        currency=total.currency if total is not None else "",
    )


def _booking(order: WorkOrder) -> BookingView | None:
    if order.booking is None:
        return None
    price = order.booking.price
    return BookingView(
        partner=order.booking.partner,
        detail=order.booking.detail,
        price_minor=price.amount_minor,
        currency=price.currency,
        confirmed_at=order.booking.confirmed_at,
    )
