"""Work orders over HTTP: lists, details, and one POST for each step (J23)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.dispatch import repository
from services.dispatch.api.common import READ, PathId, Since, Until, Wanted, answer, asked, cursor, place
from services.dispatch.domain import bodies
from services.dispatch.domain.actions import ACTIONS
from services.dispatch.domain.flow import Action
from services.dispatch.domain.model import WorkOrder
from services.dispatch.handlers.answers import WorkOrderAnswer, work_order_answer
from shared.errors import NotFound
from shared.http.call import Call, CallDep
from shared.http.page import PageDep

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["work orders"])
NOTE, COLLECT, COMPLETE = bodies.NoteBody(), bodies.CollectBody(), bodies.CompleteBody()


class WorkOrderPage(BaseModel):
    """A page of work orders."""

    items: list[WorkOrderAnswer]
    next: str | None


async def order_of(call: Call, work_order_id: str) -> WorkOrder:
    order = await repository.work_order(call.db, call.property_id, work_order_id)
    if order is None:
        raise NotFound("work-order", "There is no such work order in this property.", field="work_order_id")
    return order


async def take(call: Call, work_order_id: str, action: Action, body: bodies.Body) -> Response:
    """Take a step on the order's own stream and lane.

    An emergency is never turned away by a full queue (J17).
    """
    kind = ACTIONS[action]
    call.authorise(kind.NAME)
    order = await order_of(call, work_order_id)
    command = kind(work_order_id=work_order_id, body=body)
    return await call.run(command, stream=order.stream, lane=order.lane, emergency=order.emergency)


@router.get("/work-orders", response_model=WorkOrderPage)
async def list_work_orders(
    call: CallDep,
    page: PageDep,
    request_id: Wanted = "",
    status: Wanted = "",
    department: Wanted = "",
    procedure: Wanted = "",
    unit_id: Wanted = "",
    urgency: Wanted = "",
    assignee_id: Wanted = "",
    reported_from: Since = None,
    reported_until: Until = None,
    due_before: Until = None,
    open_only: Annotated[bool, Query(description="Only those that have not ended")] = False,
    by_deadline: Annotated[bool, Query(description="Open ones, most pressing first")] = False,
) -> Response:
    """Work orders of the property, newest first or by deadline."""
    call.authorise(READ)
    search = repository.Search(
        filters={
            "request_id": request_id,
            "unit_id": unit_id,
            "assignee_id": assignee_id,
            "status": status,
            "department": department,
            "urgency": urgency,
            "procedure": procedure,
        },
        reported_from=reported_from,
        reported_until=reported_until,
        due_before=due_before,
        open_only=open_only,
        by_deadline=by_deadline,
    )
    found = await repository.work_orders(call.db, call.property_id, search, place(page), page.limit + 1)
    shown = found[: page.limit]
    last = shown[-1] if len(found) > page.limit else None
    behind = None
    if last is not None:
        behind = cursor(last.due_at if by_deadline else last.reported_at, last.id)
    reader = await asked(call)
    copies = await repository.attachment_copies(call.db, call.property_id, shown)
    items = [work_order_answer(order, reader, call.runtime.policy, copies) for order in shown]
    return page.answer(items, behind)


@router.get("/work-orders/{work_order_id}", response_model=WorkOrderAnswer)
async def read_work_order(call: CallDep, work_order_id: PathId) -> Response:
    """One work order, with what may be done next."""
    call.authorise(READ)
    order = await order_of(call, work_order_id)
    copies = await repository.attachment_copies(call.db, call.property_id, [order])
    return answer(work_order_answer(order, await asked(call), call.runtime.policy, copies), order.version)


@router.post("/work-orders/{work_order_id}/collect", response_model=WorkOrderAnswer)
async def collect(call: CallDep, work_order_id: PathId, body: bodies.CollectBody = COLLECT) -> Response:
    """The department takes the slip."""
    return await take(call, work_order_id, "collect", body)


@router.post("/work-orders/{work_order_id}/cannot", response_model=WorkOrderAnswer)
async def cannot(call: CallDep, work_order_id: PathId, body: bodies.ReasonBody) -> Response:
    """The assignee cannot; the next person is called at once."""
    return await take(call, work_order_id, "cannot", body)


@router.post("/work-orders/{work_order_id}/assign", response_model=WorkOrderAnswer)
async def assign(call: CallDep, work_order_id: PathId, body: bodies.AssignBody) -> Response:
    """Give it to somebody."""
    return await take(call, work_order_id, "assign", body)


@router.post("/work-orders/{work_order_id}/contact", response_model=WorkOrderAnswer)
async def contact(call: CallDep, work_order_id: PathId, body: bodies.CallBody) -> Response:
    """The owner was called and a time agreed."""
    return await take(call, work_order_id, "contact", body)


@router.post("/work-orders/{work_order_id}/arrive", response_model=WorkOrderAnswer)
async def arrive(call: CallDep, work_order_id: PathId, body: bodies.NoteBody = NOTE) -> Response:
    """The technician is there."""
    return await take(call, work_order_id, "arrive", body)


@router.post("/work-orders/{work_order_id}/no-show", response_model=WorkOrderAnswer)
async def no_show(call: CallDep, work_order_id: PathId, body: bodies.ReasonBody) -> Response:
    """Nobody was at home."""
    return await take(call, work_order_id, "no-show", body)


@router.post("/work-orders/{work_order_id}/confirm-item", response_model=WorkOrderAnswer)
async def confirm_item(call: CallDep, work_order_id: PathId, body: bodies.ItemBody) -> Response:
    """The fault as it really is."""
    return await take(call, work_order_id, "confirm-item", body)


@router.post("/work-orders/{work_order_id}/quote", response_model=WorkOrderAnswer)
async def quote(call: CallDep, work_order_id: PathId, body: bodies.QuoteBody) -> Response:
    """What the work needs, told before it begins."""
    return await take(call, work_order_id, "quote", body)


@router.post("/work-orders/{work_order_id}/start", response_model=WorkOrderAnswer)
async def start(call: CallDep, work_order_id: PathId, body: bodies.NoteBody = NOTE) -> Response:
    """The work begins."""
    return await take(call, work_order_id, "start", body)


@router.post("/work-orders/{work_order_id}/complete", response_model=WorkOrderAnswer)
async def complete(call: CallDep, work_order_id: PathId, body: bodies.CompleteBody = COMPLETE) -> Response:
    """The work is done."""
    return await take(call, work_order_id, "complete", body)


@router.post("/work-orders/{work_order_id}/sign", response_model=WorkOrderAnswer)
async def sign(call: CallDep, work_order_id: PathId, body: bodies.SignBody) -> Response:
    """One signature."""
    return await take(call, work_order_id, "sign", body)


@router.post("/work-orders/{work_order_id}/withdraw", response_model=WorkOrderAnswer)
async def withdraw(call: CallDep, work_order_id: PathId, body: bodies.WithdrawBody) -> Response:
    """The owner withdraws on site."""
    return await take(call, work_order_id, "withdraw", body)


@router.post("/work-orders/{work_order_id}/hand-over", response_model=WorkOrderAnswer)
async def hand_over(call: CallDep, work_order_id: PathId, body: bodies.HandOverBody) -> Response:
    """Somebody else goes on with a half-done job."""
    return await take(call, work_order_id, "hand-over", body)


@router.post("/work-orders/{work_order_id}/confirm-car", response_model=WorkOrderAnswer)
async def confirm_car(call: CallDep, work_order_id: PathId, body: bodies.CarBody) -> Response:
    """The partner has a car, at this price."""
    return await take(call, work_order_id, "confirm-car", body)


@router.post("/work-orders/{work_order_id}/unavailable", response_model=WorkOrderAnswer)
async def unavailable(call: CallDep, work_order_id: PathId, body: bodies.PartnerBody) -> Response:
    """The partner has no car."""
    return await take(call, work_order_id, "unavailable", body)


@router.post("/work-orders/{work_order_id}/taxi", response_model=WorkOrderAnswer)
async def taxi(call: CallDep, work_order_id: PathId, body: bodies.TaxiBody) -> Response:
    """A taxi instead, with the owner's consent."""
    return await take(call, work_order_id, "taxi", body)


@router.post("/work-orders/{work_order_id}/form-signed", response_model=WorkOrderAnswer)
async def form_signed(call: CallDep, work_order_id: PathId, body: bodies.NoteBody = NOTE) -> Response:
    """The guest car form is signed."""
    return await take(call, work_order_id, "form-signed", body)


@router.post("/work-orders/{work_order_id}/used", response_model=WorkOrderAnswer)
async def used(call: CallDep, work_order_id: PathId, body: bodies.NoteBody = NOTE) -> Response:
    """The car was used."""
    return await take(call, work_order_id, "used", body)


@router.post("/work-orders/{work_order_id}/confirm-cancellation", response_model=WorkOrderAnswer)
async def confirm_cancellation(
    call: CallDep, work_order_id: PathId, body: bodies.NoteBody = NOTE
) -> Response:
    """The butler desk confirms a cancellation."""
    return await take(call, work_order_id, "confirm-cancellation", body)
