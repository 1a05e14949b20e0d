"""What the events of dispatch and billing mean for a request: its work, its account, its stage, its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.intake.domain.request import Account, Request, Work, ended, staged
from services.intake.domain.watch import answered
from shared.events import billing, dispatch
from shared.events.envelope import Amount, Event
from shared.events.intake import Outcome

URGENCY_RAISED = "urgency_raised"
CALLED_AGAIN = "called_again"  # who has the response to an earlier rise hears of this one
CANCELLATION_TOO_LATE = "cancellation_too_late"
Step = Callable[[Request, Any], Request]


def follow(request: Request, event: Event) -> Request:
    """The request after the event; the same object if the event says nothing about it.

    Unknown events change nothing.
    """
    step = STEPS.get(type(event))
    return request if step is None else staged(step(request, event))


def end_by(event: Event) -> tuple[Outcome, datetime] | None:
    """The end state an event brings, and when: only a withdrawal and a confirmed cancellation end a
    request by themselves.
    """
    if isinstance(event, dispatch.WorkWithdrawn):
        return "WITHDRAWN", event.withdrawn_at
    if isinstance(event, dispatch.WorkCancelled):
        return "CANCELLED", event.confirmed_at
    return None


def finish(request: Request, event: Event) -> Request | None:
    """The request in the end state the event brings, or None if it does not end by it.

    Only its own slip ends it, or a cancellation that was asked for. One that is joined to another stays
    open without work of its own.
    """
    end = end_by(event)
    if end is None or not request.open:
        return None
    own = _is_work(request, getattr(event, "work_order_id", ""))
    if request.joined_to:  # its slip was given back: it ends with the request it is joined to
        return staged(replace(request, work=None)) if own else None
    return ended(request, *end) if own or request.notice_received_at is not None else None


def _issued(r: Request, e: dispatch.WorkOrderIssued) -> Request:
    """The slip is out. A response runs beside a slip that is still in hand and does not take its place."""
    slips = r.slips if e.slip in r.slips else (*r.slips, e.slip)
    waits = r.joined_to == "" and r.notice_received_at is None
    if e.kind == "response" and waits and _in_hand(r.work) and not _is_work(r, e.work_order_id):
        return replace(answered(r), slips=slips)
    arranged = bool(e.assignee_id) or e.last_resort
    work = Work(
        e.work_order_id,
        slip=e.slip,
        department=e.department,
        kind=e.kind,
        assignee_id=e.assignee_id,
        issued_at=e.issued_at,
        due_at=e.due_at,
        arranged_at=e.issued_at if arranged else None,
    )
    awaited = r.watch_for != "answer" or e.kind == "response" or not _in_hand(r.work)
    return replace(
        answered(r) if awaited else r,
        work=work,
        slips=slips,
        department=e.department,
        appointment_at=e.appointment_at or r.appointment_at,
    )


def _in_hand(work: Work | None) -> bool:
    """Whether somebody is still to do this work: it is not done, and no new slip has been asked for it."""
    return (
        work is not None and work.completed_at is None and work.closed_at is None and work.step != "reopened"
    )


def _runs_faster(r: Request) -> bool:
    """Whether the slip that became more urgent is what answers the emergency."""
    return r.lane == "urgent" and (r.work is None or r.work.kind != "errand")


def _is_work(r: Request, work_order_id: str) -> bool:
    """Whether that is the work order the request goes by."""
    return r.work is not None and r.work.work_order_id == work_order_id


def _assigned(r: Request, e: dispatch.WorkOrderAssigned) -> Request:
    return _work(r, e.work_order_id, e.assigned_at, assignee_id=e.assignee_id)


def _step(r: Request, e: dispatch.WorkStepTaken) -> Request:
    if e.step == CANCELLATION_TOO_LATE and _is_work(r, e.work_order_id):
        r = replace(r, notice_received_at=None, joined_to="")
    if e.step == CALLED_AGAIN or (e.step == URGENCY_RAISED and _runs_faster(r)):
        r = answered(r)  # where no slip runs faster, the response is the answer
    due = {} if e.due_at is None else {"due_at": e.due_at}
    moved = _work(r, e.work_order_id, e.taken_at, step=e.step, **due)
    return moved if e.appointment_at is None else replace(moved, appointment_at=e.appointment_at)


def _quoted(r: Request, e: dispatch.WorkQuoted) -> Request:
    return _work(r, e.work_order_id, e.quoted_at, step="quoted")


def _booked(r: Request, e: dispatch.ErrandBooked) -> Request:
    return replace(_work(r, e.work_order_id, e.booked_at, step="booked"), appointment_at=e.start_at)


def _unavailable(r: Request, e: dispatch.CarUnavailable) -> Request:
    return _work(r, e.work_order_id, e.at, step="unavailable")


def _completed(r: Request, e: dispatch.WorkCompleted) -> Request:
    """Done is done: a cancellation that was asked for meanwhile has come too late."""
    if _is_work(r, e.work_order_id):
        promise = replace(r.promise, watch_at=None)
        r = replace(r, notice_received_at=None, joined_to="", promise=promise)
    return _work(r, e.work_order_id, e.completed_at, step="completed", completed_at=e.completed_at)


def _closed(r: Request, e: dispatch.WorkPaidOff) -> Request:
    return _work(r, e.work_order_id, e.closed_at, step="closed", closed_at=e.closed_at)


def _not_done(r: Request, e: dispatch.WorkNotDone) -> Request:
    """The slip ended undone; the owner knows, and decides whether it goes on (P029)."""
    return _work(r, e.work_order_id, e.told_at, step="not_done", closed_at=e.told_at)


def _work(r: Request, work_order_id: str, at: datetime, **changes: Any) -> Request:
    """The summary of the work order, if it is the latest; whoever takes a step has it, so the work is
    arranged.
    """
    if r.work is None or not _is_work(r, work_order_id):
        return r
    return replace(r, work=replace(r.work, arranged_at=r.work.arranged_at or at, **changes))


def _offered(r: Request, e: billing.QuoteOffered) -> Request:
    return _account(r, e.total, quoted_minor=e.total.amount_minor, consented=False)


def _consented(r: Request, e: billing.QuoteConsented) -> Request:
    return _account(r, e.total, quoted_minor=e.total.amount_minor, consented=True)


def _refused(r: Request, e: billing.QuoteRefused) -> Request:
    return replace(r, account=replace(r.account, consented=False))


def _charged(r: Request, e: billing.ChargePosted) -> Request:
    return _account(
        r, e.amount, charged_minor=r.account.charged_minor + e.amount.amount_minor, settled_at=None
    )


def _paid(r: Request, e: billing.PaymentReceived) -> Request:
    if e.purpose == "deposit":
        return _account(r, e.amount)
    return _account(r, e.amount, paid_minor=r.account.paid_minor + e.amount.amount_minor)


def _deposit(state: str) -> Step:
    def step(r: Request, e: Any) -> Request:
        kept = (
            {} if state in {"applied", "refunded", "forfeited"} else {"deposit_minor": e.amount.amount_minor}
        )
        return _account(r, e.amount, deposit=state, **kept)

    return step


def _settled(r: Request, e: billing.RequestSettled) -> Request:
    return replace(r, account=replace(r.account, settled_at=e.settled_at))


def _account(r: Request, amount: Amount, **changes: Any) -> Request:
    account: Account = replace(r.account, currency=amount.currency, **changes)
    return replace(r, account=account)


STEPS: dict[type[Event], Step] = {
    dispatch.WorkOrderIssued: _issued,
    dispatch.WorkOrderAssigned: _assigned,
    dispatch.WorkStepTaken: _step,
    dispatch.WorkQuoted: _quoted,
    dispatch.ErrandBooked: _booked,
    dispatch.CarUnavailable: _unavailable,
    dispatch.WorkCompleted: _completed,
    dispatch.WorkPaidOff: _closed,
    dispatch.WorkNotDone: _not_done,
    billing.QuoteOffered: _offered,
    billing.QuoteConsented: _consented,
    billing.QuoteRefused: _refused,
    billing.ChargePosted: _charged,
    billing.PaymentReceived: _paid,
    billing.DepositRequested: _deposit("requested"),
    billing.DepositHeld: _deposit("held"),
    billing.DepositApplied: _deposit("applied"),
    billing.DepositRefunded: _deposit("refunded"),
    billing.ForfeitureProposed: _deposit("disputed"),
    billing.DepositForfeited: _deposit("forfeited"),
    billing.RequestSettled: _settled,
}
