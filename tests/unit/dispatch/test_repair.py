"""P020-P023, P014, J5: the steps of a repair and what they tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.domain import assignment, onsite, repair, withdrawal
from services.dispatch.domain.flow import Actor, Change
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.site import Site
from shared.errors import Conflict, Forbidden, Invalid
from shared.events.dispatch import (
    QuoteLine,
    WorkCancelled,
    WorkCompleted,
    WorkPaidOff,
    WorkQuoted,
    WorkStepTaken,
    WorkWithdrawn,
)
from shared.money import Money
from tests.unit.dispatch.builders import NOW, SUPERVISOR, TECHNICIAN, ZONE, order, staff, terms

LINES = (QuoteLine(code="tap-replacement"),)


def kinds(change: Change) -> list[type]:
    """The types of the facts, in order."""
    return [type(event) for event in change.events]


def steps(change: Change) -> list[str]:
    """The steps that were taken."""
    return [event.step for event in change.events if isinstance(event, WorkStepTaken)]


def signed_by_all(subject: WorkOrder) -> Change:
    """Owner, technician and supervisor sign."""
    change = repair.sign(subject, TECHNICIAN, NOW, "owner", "Wang", 5)
    change = repair.sign(change.order, TECHNICIAN, NOW, "technician", "")
    return repair.sign(change.order, SUPERVISOR, NOW, "repair_supervisor", "")


def test_p022_from_the_slip_to_three_signatures_and_the_payment() -> None:
    subject = order()
    change = repair.collect(subject, TECHNICIAN, NOW)
    assert (change.order.status, change.order.collected_by) == ("COLLECTED", "tech-1")
    appointment = NOW + timedelta(hours=3)
    change = repair.contact(change.order, TECHNICIAN, NOW, appointment, "after lunch")
    assert change.order.appointment_at == appointment
    [told] = change.events
    assert isinstance(told, WorkStepTaken)
    assert told.note == "", "what a person said is not in the open part (J9)"
    assert told.personal is not None
    assert (told.personal.note, told.personal_key) == ("after lunch", "request:r1")
    change = repair.arrive(change.order, TECHNICIAN, appointment, ZONE)
    change = onsite.ring(change.order, TECHNICIAN, appointment, ZONE)
    change = onsite.show_form(change.order, TECHNICIAN, appointment, True, "")
    change = onsite.enter(change.order, TECHNICIAN, appointment, staff("cs-1", role="cs_officer"))
    found = repair.Found("washer of the tap", differs=True)
    change = repair.confirm_item(change.order, TECHNICIAN, NOW, found)
    assert change.order.item_differs
    change = repair.quote(change.order, TECHNICIAN, NOW, "q1", LINES)
    assert kinds(change) == [WorkQuoted]
    change = repair.consented(change.order, "q1", Money(4000, "CNY"), NOW)
    assert change.order.status == "CONSENTED"
    change = repair.start(change.order, TECHNICIAN, NOW)
    change = repair.complete(change.order, TECHNICIAN, NOW, "", cleaned=True)
    change = signed_by_all(change.order)
    assert change.order.status == "SIGNED"
    assert change.order.open, "the payment is outstanding"
    completed = change.events[-1]
    assert isinstance(completed, WorkCompleted)
    assert completed.amount is not None
    assert (completed.amount.amount_minor, completed.quote_id) == (4000, "q1"), "equal to the consented quote"
    assert completed.rating == 5
    assert completed.signatures == {"owner": "tech-1", "technician": "tech-1", "repair_supervisor": "boss-1"}
    change = repair.settled(change.order, NOW)
    assert kinds(change) == [WorkPaidOff]
    assert (change.order.status, change.order.open) == ("CLOSED", False)


def test_p021_public_work_needs_the_supervisors_signature_alone_and_costs_nothing() -> None:
    public = order("REPAIRED", area="public", terms=terms("repair-report", area="public"))
    assert public.rules.signatures == ("repair_supervisor",)
    change = repair.sign(public, SUPERVISOR, NOW, "repair_supervisor", "")
    assert kinds(change) == [WorkStepTaken, WorkCompleted, WorkPaidOff]
    assert change.order.status == "CLOSED"


def test_p020_an_emergency_starts_at_once_and_is_quoted_afterwards() -> None:
    change = repair.start(order(urgency="emergency"), TECHNICIAN, NOW)
    change = repair.complete(change.order, TECHNICIAN, NOW, "")
    with pytest.raises(Conflict, match="does not say yet what was found"):
        repair.sign(change.order, TECHNICIAN, NOW, "owner", "Wang")
    change = repair.confirm_item(change.order, TECHNICIAN, NOW, repair.Found("burst pipe"))
    change = repair.quote(change.order, TECHNICIAN, NOW, "q1", LINES)
    assert change.order.status == "REPAIRED", "the paperwork does not take the work back"
    with pytest.raises(Conflict, match="not answered the quote"):
        repair.sign(change.order, TECHNICIAN, NOW, "owner", "Wang")
    change = repair.consented(change.order, "q1", Money(4000, "CNY"), NOW)
    assert change.order.status == "REPAIRED"
    assert signed_by_all(change.order).order.status == "SIGNED"


def test_p020_an_emergency_without_a_quote_is_not_charged() -> None:
    change = signed_by_all(order("REPAIRED", urgency="emergency"))
    completed = change.events[1]
    assert isinstance(completed, WorkCompleted)
    assert (completed.amount, completed.quote_id) == (None, "")
    assert change.order.status == "CLOSED"


@pytest.mark.parametrize(
    ("signer", "actor", "mark", "refused"),
    [
        ("repair_supervisor", TECHNICIAN, "", Forbidden),
        ("technician", SUPERVISOR, "", Forbidden),
        ("technician", Actor("tech-2", frozenset({"technician"})), "", Forbidden),
        ("owner", TECHNICIAN, "", Invalid),
        ("owner", TECHNICIAN, "Wang", Invalid),  # no rating
        ("cashier", TECHNICIAN, "", Invalid),
    ],
)
def test_p022_signatures_are_those_of_the_form(
    signer: str, actor: Actor, mark: str, refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        repair.sign(order("REPAIRED"), actor, NOW, signer, mark)


def test_p022_a_supervisor_who_did_the_work_himself_signs_as_the_one_who_did_it() -> None:
    change = repair.sign(order("REPAIRED", assignee_id="boss-1"), SUPERVISOR, NOW, "technician", "")
    assert [s.signer for s in change.order.signatures] == ["technician"]


def test_p022_only_who_worked_on_it_signs_as_technician() -> None:
    helper, other = (Actor(name, frozenset({"technician"})) for name in ("tech-2", "tech-3"))
    helped = order("REPAIRED", site=Site(helpers=("tech-2",), cleaned_at=NOW))
    change = repair.sign(helped, helper, NOW, "technician", "")
    assert [s.by for s in change.order.signatures] == ["tech-2"], "the second technician was there too"
    with pytest.raises(Forbidden) as refused:
        repair.sign(helped, other, NOW, "technician", "")
    assert (refused.value.kind, refused.value.accepted) == ("not-the-worker", "tech-1, tech-2")
    assert repair.nothing_to_sign(replace(helped, terms=terms(signatures=("technician",))), other)
    nobodys = repair.sign(replace(helped, assignee_id="", site=None), other, NOW, "technician", "")
    assert nobodys.order.signatures, "a slip nobody has can still be finished"


def test_p022_who_began_a_job_may_sign_beside_who_took_it_over() -> None:
    begun = order("STARTED")
    over = assignment.hand_over(begun, TECHNICIAN, staff("tech-2"), NOW)
    assert onsite.workers(over) == ("tech-2", "tech-1")
    early = assignment.hand_over(order("ITEM_CONFIRMED"), TECHNICIAN, staff("tech-2"), NOW)
    assert onsite.workers(early) == ("tech-2",), "he had not begun"


def test_p022_finished_work_is_given_over_by_a_supervisor_alone_and_before_it_is_signed_for() -> None:
    with pytest.raises(Forbidden, match="is done"):
        assignment.hand_over(order("REPAIRED"), TECHNICIAN, staff("tech-2"), NOW)
    over = assignment.hand_over(order("REPAIRED"), SUPERVISOR, staff("tech-2"), NOW)
    assert (over.status, over.assignee_id, onsite.workers(over)) == (
        "REPAIRED",
        "tech-2",
        ("tech-2", "tech-1"),
    )
    signed = repair.sign(order("REPAIRED"), TECHNICIAN, NOW, "technician", "").order
    with pytest.raises(Conflict, match="signed for it already"):
        assignment.hand_over(signed, SUPERVISOR, staff("tech-2"), NOW)


def test_p022_nobody_signs_twice() -> None:
    change = repair.sign(order("REPAIRED"), TECHNICIAN, NOW, "technician", "")
    with pytest.raises(Conflict, match="already"):
        repair.sign(change.order, TECHNICIAN, NOW, "technician", "")


def test_a_replaced_quote_changes_nothing_when_it_is_answered() -> None:
    subject = repair.quote(order("QUOTED"), TECHNICIAN, NOW, "q2", LINES).order
    late = repair.consented(subject, "q1", Money(4000, "CNY"), NOW)
    assert late == Change(subject)
    assert repair.objected(subject, "q1", NOW) == Change(subject)


@pytest.mark.parametrize("status", ["ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED"])
def test_p023_withdrawal_needs_mark_reason_and_the_supervisors_signature(status: str) -> None:
    subject = order(status)
    marked = withdrawal.withdraw(subject, TECHNICIAN, NOW, "price", "too dear for me", "signature")
    assert marked.order.status == "WITHDRAWAL_MARKED"
    assert marked.order.open
    with pytest.raises(Forbidden):
        repair.sign(marked.order, TECHNICIAN, NOW, "repair_supervisor", "")
    with pytest.raises(Invalid):
        repair.sign(marked.order, SUPERVISOR, NOW, "owner", "x")
    done = repair.sign(marked.order, SUPERVISOR, NOW, "repair_supervisor", "")
    [fact] = done.events
    assert isinstance(fact, WorkWithdrawn)
    assert (fact.reason, fact.supervisor_id, fact.slip) == ("price", "boss-1", subject.slip)
    assert "dear" not in fact.model_dump_json(exclude={"personal"}), "the owner's words are sealed (J9)"
    assert fact.personal is not None
    assert fact.personal.note == "too dear for me"
    assert (done.order.slip_number, done.order.open) == (subject.slip_number, False), "the number is kept"


def test_p023_the_supervisor_on_site_signs_in_the_same_step() -> None:
    done = withdrawal.withdraw(order("OBJECTED"), SUPERVISOR, NOW, "price", "too dear", "signature")
    assert kinds(done) == [WorkWithdrawn]
    assert done.order.status == "WITHDRAWN"


@pytest.mark.parametrize(
    "status",
    ["ISSUED", "COLLECTED", "CONTACTED", "ON_SITE", "ITEM_CONFIRMED", "QUOTED", "CONSENTED", "OBJECTED"],
)
def test_j5_the_caller_cancels_before_the_work_begins(status: str) -> None:
    change = withdrawal.cancelled(order(status), NOW, "done myself", NOW)
    [fact] = change.events
    assert isinstance(fact, WorkCancelled)
    assert (change.order.status, change.order.slip_number) == ("CANCELLED", 123)


@pytest.mark.parametrize("status", ["STARTED", "REPAIRED", "SIGNED", "WITHDRAWAL_MARKED"])
def test_j5_a_cancellation_that_comes_too_late_is_told(status: str) -> None:
    subject = order(status)
    change = withdrawal.cancelled(subject, NOW, "done myself", NOW)
    assert change.order == subject
    assert steps(change) == ["cancellation_too_late"]


@pytest.mark.parametrize("status", ["CLOSED", "WITHDRAWN", "CANCELLED"])
def test_j5_what_has_ended_is_not_cancelled_again(status: str) -> None:
    subject = replace(order(status), open=False)
    assert withdrawal.cancelled(subject, NOW, "x", NOW) == Change(subject)


@pytest.mark.parametrize("take", [repair.start, repair.collect, onsite.clean])
def test_a_step_out_of_turn_changes_nothing(take: Any) -> None:
    subject = order("SIGNED")
    with pytest.raises(Conflict):
        take(subject, TECHNICIAN, NOW)
    assert subject == order("SIGNED")


def test_nobody_at_home_needs_a_new_appointment() -> None:
    rang = Site(place="door", visits=1, rang_at=(NOW, NOW + timedelta(minutes=3)))
    subject = order("ON_SITE", appointment_at=NOW, site=rang)
    change = repair.no_show(subject, TECHNICIAN, NOW, "rang twice")
    assert (change.order.status, change.order.appointment_at) == ("COLLECTED", None)
    assert steps(change) == ["no_show"]


def test_p027_the_first_collection_is_kept() -> None:
    first = repair.collect(order(), TECHNICIAN, NOW).order
    second = Actor("tech-2", frozenset({"technician"}))
    again = repair.collect(replace(first, status="ISSUED"), second, NOW + timedelta(hours=1))
    assert (again.order.collected_by, again.order.collected_at) == ("tech-1", NOW)
