"""What the events of the other services mean for a request, and for its timeline (rulings J5, J7, J24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.intake.domain.bodies import CancelBody
from services.intake.domain.changes import cancel_asked
from services.intake.domain.follow import finish, follow
from services.intake.domain.request import Request
from services.intake.domain.timeline import LINES, first_lines, line_of
from shared.events import billing, dispatch, notify
from shared.events.envelope import Amount, Event
from shared.events.registry import EVENTS
from tests import events
from tests.unit.intake.kit import LIMITS, NOW, accept, arranged

CNY = Amount(amount_minor=4_000, currency="CNY")
ID = {"work_order_id": "wo-1", "request_id": "request-1"}


def issued(assignee: str = "", **given: Any) -> dispatch.WorkOrderIssued:
    own = {"work_order_id": ID["work_order_id"], "assignee_id": assignee}
    return events.issued(ID["request_id"], NOW, **own | given)


def after(*events: Event, request: Request | None = None) -> Request:
    found = request or accept()
    for event in events:
        found = finish(follow(found, event), event) or follow(found, event)
    return found


STEP = dispatch.WorkStepTaken(**ID, step="arrived", status="ON_SITE", by="wang", taken_at=NOW)
COMPLETED = dispatch.WorkCompleted(**ID, kind="repair", quote_id="q", amount=CNY, completed_at=NOW)
CLOSED = dispatch.WorkPaidOff(**ID, closed_at=NOW)
CHARGED = billing.ChargePosted(**ID, charge_id="c", quote_id="q", amount=CNY, posted_at=NOW)
SETTLED = billing.RequestSettled(**ID, settled_at=NOW)
PAID = billing.PaymentReceived(
    payment_id="p",
    request_id="request-1",
    purpose="charge",
    amount=CNY,
    method="cash",
    receipt="R2026-1",
    receipt_number=1,
    collected_by="zhao",
    received_at=NOW,
)


def test_the_stage_follows_the_work() -> None:
    assert after(issued()).stage == "ISSUED"
    assert after(issued("wang")).stage == "ARRANGED"
    assert after(issued(last_resort=True)).stage == "ARRANGED"
    taken_over = dispatch.WorkOrderAssigned(
        **ID, assignee_id="li", reason="cannot", assigned_at=NOW, slip="s"
    )
    assert after(issued(), taken_over).stage == "ARRANGED"
    assert after(issued(), STEP).stage == "IN_WORK"
    assert after(issued(), STEP, COMPLETED).stage == "DONE"


def test_the_slip_the_department_and_the_deadline_are_kept() -> None:
    request = after(issued("wang"))
    assert request.work is not None
    assert (request.work.slip, request.department) == ("2026-000001", "engineering")
    assert request.work.due_at == NOW + timedelta(days=3)
    twice = after(issued("wang"), issued("wang", work_order_id="wo-2", slip="2026-000009"))
    assert twice.slips == ("2026-000001", "2026-000009")


def test_j7_closed_and_settled_work_waits_for_the_owner_and_does_not_end_by_itself() -> None:
    request = after(issued("wang"), COMPLETED, CHARGED, PAID, SETTLED, CLOSED)
    assert (request.status, request.stage) == ("OPEN", "TO_CONFIRM")
    assert (request.account.charged_minor, request.account.paid_minor, request.account.currency) == (
        4_000,
        4_000,
        "CNY",
    )
    free = after(issued("wang"), COMPLETED, CLOSED)
    assert free.stage == "TO_CONFIRM"
    owing = after(issued("wang"), COMPLETED, CHARGED, CLOSED)
    assert owing.stage == "DONE"


def test_p023_a_withdrawal_on_site_ends_the_request() -> None:
    event = dispatch.WorkWithdrawn(
        **ID, slip="s", reason="price", owner_mark="x", supervisor_id="ma", withdrawn_at=NOW
    )
    request = after(issued("wang"), event)
    assert (request.status, request.closed_at, request.stage) == ("WITHDRAWN", NOW, "CLOSED")


def cancelled(reason: str = "ill") -> dispatch.WorkCancelled:
    return dispatch.WorkCancelled(**ID, slip="s", reason=reason, notice_received_at=NOW, confirmed_at=NOW)


def test_j5_a_confirmed_cancellation_ends_the_request_once() -> None:
    asked = cancel_asked(arranged(), CancelBody(reason="ill"), NOW, LIMITS)
    request = after(cancelled(), request=asked)
    assert (request.status, request.stage) == ("CANCELLED", "CLOSED")
    assert finish(request, cancelled()) is None


def test_j5_a_cancellation_that_came_too_late_does_not_stand() -> None:
    asked = cancel_asked(arranged(), CancelBody(reason="ill"), NOW, LIMITS)
    late = dispatch.WorkStepTaken(
        **ID, step="cancellation_too_late", status="USED", by="system", taken_at=NOW
    )
    assert after(late, request=asked).notice_received_at is None
    assert after(COMPLETED, request=asked).stage == "DONE"


def test_what_an_older_work_order_says_does_not_change_the_newer() -> None:
    request = after(issued("wang"), issued("wang", work_order_id="wo-2", slip="2026-000009"), COMPLETED)
    assert request.work is not None
    assert (request.work.work_order_id, request.work.completed_at) == ("wo-2", None)


def response(**given: object) -> dispatch.WorkOrderIssued:
    return issued(
        "zhou", work_order_id="wo-r", kind="response", slip="2026-000002", department="security", **given
    )


def test_j18_a_response_runs_beside_the_first_slip_and_does_not_take_its_place() -> None:
    watched = replace(accept(), watch_for="answer", watch_at=NOW)
    request = after(issued("wang"), STEP, response(), request=watched)
    assert request.work is not None
    assert (request.work.work_order_id, request.department) == ("wo-1", "engineering")
    assert (request.watch_at, request.slips) == (None, ("2026-000001", "2026-000002"))
    ended = [kind(**{**ID, "work_order_id": "wo-r"}, **rest) for kind, rest in RESPONSE_DONE]
    assert after(*ended, request=request).stage == "IN_WORK", "the first slip is still open"
    assert after(COMPLETED, CLOSED, request=request).stage == "TO_CONFIRM"


RESPONSE_DONE: list[tuple[type[Event], dict[str, object]]] = [
    (dispatch.WorkCompleted, {"kind": "response", "completed_at": NOW}),
    (dispatch.WorkPaidOff, {"closed_at": NOW}),
]


def test_j18_a_response_is_the_work_where_no_slip_is_in_hand() -> None:
    for done in ((), (issued("wang"), COMPLETED, CLOSED)):
        request = after(*done, response())
        assert request.work is not None
        assert request.work.work_order_id == "wo-r"
    joined = replace(after(issued("wang")), joined_to="other")
    gone = after(response(), cancelled(), request=joined)
    assert gone.work is not None, "its own slip was given back, somebody runs for it all the same"
    assert (gone.work.work_order_id, gone.open) == ("wo-r", True)


def test_j5_only_its_own_slip_or_a_cancellation_asked_for_ends_a_request() -> None:
    other = cancelled().model_copy(update={"work_order_id": "wo-2"})
    assert after(issued("wang"), other).open
    asked = cancel_asked(arranged(), CancelBody(reason="ill"), NOW, LIMITS)
    assert after(other, request=asked).status == "CANCELLED"


def test_j5_what_a_response_says_leaves_a_cancellation_asked_for_standing() -> None:
    asked = cancel_asked(arranged(), CancelBody(reason="ill"), NOW, LIMITS)
    [(kind, rest), _] = RESPONSE_DONE
    done = kind(**{**ID, "work_order_id": "wo-r"}, **rest)
    assert after(done, request=asked).notice_received_at is not None


def test_p066_the_deposit_is_shown_in_every_state() -> None:
    given = {"deposit_id": "d", "request_id": "request-1", "amount": CNY}
    steps: list[tuple[Event, str]] = [
        (billing.DepositRequested(**given, work_order_id="wo-1", requested_at=NOW), "requested"),
        (billing.DepositHeld(**given, work_order_id="wo-1", held_at=NOW), "held"),
        (billing.DepositApplied(**given, charge_id="c", applied_at=NOW), "applied"),
        (billing.DepositRefunded(**given, refunded_at=NOW), "refunded"),
        (billing.ForfeitureProposed(**given, decide_by=NOW, proposed_at=NOW), "disputed"),
        (
            billing.DepositForfeited(**given, kept_by="property", approved_by="fang", forfeited_at=NOW),
            "forfeited",
        ),
    ]
    for event, state in steps:
        assert after(event).account.deposit == state
    assert not after(steps[1][0]).account.clear
    assert after(steps[1][0], steps[3][0]).account.clear


def test_a_new_charge_after_the_settlement_is_owed() -> None:
    assert not after(SETTLED, CHARGED).account.clear


def test_a_booked_car_has_its_start_as_appointment() -> None:
    booked = dispatch.ErrandBooked(
        **ID, partner="Lucky", detail="sedan", start_at=NOW + timedelta(days=2), booked_at=NOW
    )
    assert after(issued("wang"), booked).appointment_at == NOW + timedelta(days=2)


# --- the timeline (J24)
# ------------------------------------------------------------------------------------------


def test_j24_every_event_of_every_other_service_has_a_line() -> None:
    others = {
        kind for kind in EVENTS.values() if kind.producer() != "intake" and "request_id" in kind.model_fields
    }
    assert others == set(LINES)


def test_j24_a_line_says_who_when_what_and_from_where() -> None:
    line = line_of(STEP, "villa-1", "e1")
    assert line is not None
    assert (line.who, line.at, line.what, line.source) == ("wang", NOW, "work_order.step", "dispatch")
    assert line.detail == {"step": "arrived", "status": "ON_SITE"}
    money = line_of(PAID, "villa-1", "e2")
    assert money is not None
    assert money.detail["amount"] == "40.00 CNY"
    sent = notify.MessageSent(
        message_id="m",
        request_id="request-1",
        audience="owner",
        template="t",
        channel="sms",
        attempts=1,
        sent_at=NOW,
    )
    told = line_of(sent, "villa-1", "e3")
    assert told is not None
    assert told.source == "notify"


def test_j9_no_line_repeats_a_name_a_number_or_what_was_said() -> None:
    personal = dispatch.StaffContact(name="王师傅", phone="+8613800138000")
    line = line_of(issued("wang").model_copy(update={"personal": personal}), "villa-1", "e")
    assert line is not None
    assert "王师傅" not in str(line)
    withdrawn = dispatch.WorkWithdrawn(
        **ID, slip="s", reason="price", owner_mark="陈", supervisor_id="ma", withdrawn_at=NOW
    )
    assert "陈" not in str(line_of(withdrawn, "villa-1", "e"))


def test_j24_the_timeline_begins_with_the_ring_and_who_answered() -> None:
    reported, accepted = first_lines(replace(accept(by="typist"), device="desk"))
    assert (reported.what, reported.who, reported.detail["channel"]) == ("request.reported", "lin", "hotline")
    assert (accepted.what, accepted.who, accepted.on_behalf_of, accepted.device) == (
        "request.accepted",
        "typist",
        "lin",
        "desk",
    )
    assert reported.id < accepted.id


def test_p029_a_slip_that_was_not_done_leaves_the_request_to_the_owner() -> None:
    undone = dispatch.WorkNotDone(**ID, slip="2026-000001", told_at=NOW)
    told = after(issued("wang"), STEP, undone)
    assert (told.stage, told.open) == ("TO_CONFIRM", True), "he may have it opened again"
    handed_in = STEP.model_copy(update={"step": "handed_in", "status": "NOT_DONE"})
    assert after(handed_in, request=told).stage == "TO_CONFIRM", "paper that is filed changes nothing"
