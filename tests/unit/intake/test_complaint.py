"""The rules of complaints, questions, difficult issues, messages and answers, by themselves (P002, P010,
P034-P038).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.domain import answer_book, difficulty, question, relay
from services.intake.domain import complaint_steps as steps
from services.intake.domain.colleague import Colleague
from services.intake.domain.complaint import NEXT_STEP, STEPS, Complaint, received
from services.intake.domain.complaint_bodies import AskDepartmentBody, VerifyComplaintBody
from services.intake.domain.contact import Contact
from shared.errors import Conflict, Forbidden, Invalid, Rejected
from tests.unit.intake.kit import CATALOGUE, NOW, accept

DESK = CATALOGUE.procedure("complaint-owner", "villa").desk
assert DESK is not None
assert DESK.complaint is not None
RULES = DESK.complaint
ISSUE = CATALOGUE.procedure("issue-to-department", "villa").desk
DIFFICULT = CATALOGUE.procedure("difficult-issue", "villa").desk
SUN = Colleague("villa-1", "sun", department="engineering", role="repair_supervisor")
SHANGHAI = "Asia/Shanghai"
HOUR = timedelta(hours=1)


def complaint(**changed: Any) -> Complaint:
    fresh = received(
        "villa-1", "c1", "complaint-owner", "repair", NOW, SHANGHAI, RULES, ("wang", ""), "engineering"
    )
    return replace(fresh, **changed)


def kind_of(refusal: pytest.ExceptionInfo[Rejected]) -> str:
    return refusal.value.kind


def test_p034_the_clocks_run_from_receipt() -> None:
    found = complaint()
    assert found.about_staff_ids == ("wang",)
    assert found.answer_due_at == NOW + 24 * HOUR
    assert found.press_from == NOW + 48 * HOUR
    assert found.report_due_at == datetime(2026, 3, 2, 16, tzinfo=UTC)


@pytest.mark.parametrize("state", list(NEXT_STEP))
@pytest.mark.parametrize("step", list(STEPS))
def test_p034_each_step_only_in_its_states_and_never_by_whom_it_is_about(step: str, state: Any) -> None:
    found = complaint(state=state, grade="GENERAL", press_from=NOW)
    assert isinstance(steps.not_to_step(found, step, "wang", NOW, superior=True), Forbidden)
    refused = steps.not_to_step(found, step, "lin", NOW, superior=True)
    if state in STEPS[step]:
        assert refused is None
        return
    assert isinstance(refused, Conflict)
    assert refused.accepted == NEXT_STEP[state]


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        (None, "unknown-colleague"),
        (replace(SUN, active=False), "unknown-colleague"),
        (replace(SUN, id="wang"), "complained-about"),
        (replace(SUN, role="technician"), "not-responsible"),
    ],
)
def test_p034_who_may_not_answer_for_it(who: Colleague | None, kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        steps.assigned(complaint(state="CONFIRMED"), who, RULES, NOW)
    assert (kind_of(refused), refused.value.field) == (kind, "responsible_id")


def test_p034_another_takes_it_over_without_losing_what_was_found() -> None:
    first = steps.assigned(complaint(state="CONFIRMED"), SUN, RULES, NOW)
    assert (first.state, first.department) == ("ASSIGNED", "engineering")
    found = steps.investigated(first, "seen", NOW)
    other = steps.assigned(found, replace(SUN, id="he", role="department_head"), RULES, NOW)
    assert (other.state, other.findings, other.responsible_id) == ("INVESTIGATED", "seen", "he")
    with pytest.raises(Conflict):
        steps.assigned(other, replace(SUN, id="he"), RULES, NOW)


def test_p034_reported_and_answered_late_are_counted_once() -> None:
    late = NOW + 25 * HOUR
    reported = steps.reported(complaint(), "ma", late)
    assert reported.report_late
    assert steps.reported(reported, "zhang", late) is reported
    once, was_late = steps.answered(reported, interim=True, now=late)
    twice, again = steps.answered(once, interim=True, now=late + HOUR)
    assert (was_late, again, twice.answers, twice.answers_late) == (True, False, 2, 1)
    assert steps.answered(complaint(), interim=True, now=NOW + 24 * HOUR)[1] is False


def test_p034_pressing_has_its_hour() -> None:
    with pytest.raises(Conflict) as refused:
        steps.pressed(complaint(), NOW + 47 * HOUR)
    assert kind_of(refused) == "too-early-to-press"
    assert steps.pressed(complaint(), NOW + 48 * HOUR).presses == 1


def test_p034_a_new_round_has_new_clocks_and_the_same_person() -> None:
    later = NOW + 90 * HOUR
    again = steps.continued(complaint(state="HANDLED", responsible_id="sun", validity="VALID"), RULES, later)
    assert (again.state, again.round, again.responsible_id, again.validity) == ("ASSIGNED", 2, "sun", "")
    assert again.answer_due_at == later + 24 * HOUR
    assert steps.overdue(again, "answer_late", 1, "") is None, "the timer of the first round is of no account"
    assert steps.overdue(again, "answer_late", 2, "") == again.answer_due_at


@pytest.mark.parametrize(
    ("body", "by", "kind"),
    [
        ({"how": "letter"}, "sun", "own-work"),
        ({"how": "visit"}, "lin", "missing-mark"),
        ({"how": "phone"}, "lin", "owner-not-told"),
    ],
)
def test_p034_how_a_complaint_is_not_verified(body: dict[str, Any], by: str, kind: str) -> None:
    found = complaint(state="HANDLED", responsible_id="sun")
    with pytest.raises(Rejected) as refused:
        steps.verified(found, VerifyComplaintBody(outcome="SATISFIED", **body), by, None, NOW)
    assert kind_of(refused) == kind


def test_p038_days_are_calendar_days_and_one_question_is_open_at_a_time() -> None:
    assert ISSUE is not None
    assert ISSUE.issue is not None
    body = AskDepartmentBody(department="engineering", severity="serious", problem="p", written_report="r")
    asked = question.asked(complaint(), body, "q1", ISSUE.issue, NOW, SHANGHAI)
    assert asked.question is not None
    assert asked.question.due_at == NOW + timedelta(days=3)
    with pytest.raises(Conflict):
        question.asked(asked, body, "q2", ISSUE.issue, NOW, SHANGHAI)
    after, _, late = question.answered(asked, NOW + timedelta(days=3, seconds=1))
    assert (late, after.questions_late, after.question) == (True, 1, None)
    with pytest.raises(Conflict):
        question.answered(after, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"agent_id": "lin"},
        {"direction": "in"},
        {"about_request_id": "other"},
        {"result": "no_answer"},
        {"started_at": NOW - HOUR},
    ],
)
def test_p037_only_a_superiors_own_call_that_reached_the_owner_counts(changed: dict[str, Any]) -> None:
    assert DIFFICULT is not None
    assert DIFFICULT.difficult is not None
    found = difficulty.reported(None, accept(), "x", SUN, DIFFICULT.difficult, "lin", NOW)
    call = Contact(
        "villa-1",
        "call",
        channel="callback",
        direction="out",
        agent_id="sun",
        about_request_id=found.id,
        started_at=NOW + 25 * HOUR,
        result="reached",
    )
    assert difficulty.called(found, call, "a", "sun", NOW + 26 * HOUR).called_late
    with pytest.raises(Conflict):
        difficulty.called(found, replace(call, **changed), "a", "sun", NOW + 26 * HOUR)
    waiting, superiors = replace(accept(), difficult=True), DIFFICULT.difficult.superior_roles
    assert difficulty.not_to_call(waiting, ("repair_supervisor",), superiors) is None
    assert isinstance(difficulty.not_to_call(waiting, ("cs_officer",), superiors), Forbidden)


def test_p002_a_message_is_acknowledged_by_whom_it_is_for() -> None:
    waiting = relay.Relay("villa-1", "m1", to_id="zhao")
    with pytest.raises(Forbidden):
        relay.acknowledged(waiting, "lin", NOW)
    assert relay.acknowledged(waiting, "zhao", NOW).state == "CLOSED"
    assert relay.redirected(waiting, SUN).to_id == "sun"


def test_p010_a_version_is_given_as_long_as_no_other_is_approved() -> None:
    body = answer_book.AnswerBody(
        question_zh="几点?", question_en="When?", text_zh="八点", text_en="At eight"
    )
    draft = answer_book.drafted(None, "villa-1", "a1", body, "lin", NOW)
    with pytest.raises(Invalid):
        answer_book.given(draft, 0)
    first, kept = answer_book.approved(draft, "ma", NOW)
    assert (first.number, kept.id) == (1, "a1.1")
    newer = answer_book.drafted(first, "villa-1", "a1", body, "ma", NOW)
    assert answer_book.given(newer, 1).number == 1
    second, _ = answer_book.approved(newer, "lin", NOW)
    with pytest.raises(Invalid):
        answer_book.given(second, 1)
    gone = answer_book.retired(second)
    with pytest.raises(Invalid):
        answer_book.given(gone, 0)
    with pytest.raises(Conflict):
        answer_book.retired(gone)
