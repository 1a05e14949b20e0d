"""Cancelling, promising, confirming, reopening, giving up (P009, P012, P013, rulings J5, J7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.actions import possible_actions
from services.intake.domain.bodies import CancelBody, PromiseBody
from services.intake.domain.changes import (
    called_back,
    cancel_asked,
    check_on_behalf,
    promise_passed,
    promise_stands,
    promised,
    reopened,
    satisfied,
    unreached,
)
from services.intake.domain.colleague import own_work
from services.intake.domain.contact import Contact
from services.intake.domain.request import Request
from shared.errors import Conflict, Invalid
from tests.unit.intake.kit import LIMITS, NOW, accept, arranged, done, standing

LATER = NOW + timedelta(hours=3)


def promise(request: Request, at: Any = LATER, contact: Contact | None = None, **given: Any) -> Request:
    body = PromiseBody(promised_at=at, **given)
    return promised(request, body, contact, customer_named=False, by="lin", now=NOW, limits=LIMITS)


def talk(at: Any, result: str = "reached", about: str = "request-1") -> Contact:
    return Contact(
        "villa-1",
        "talk",
        1,
        channel="callback",
        direction="out",
        about_request_id=about,
        started_at=at,
        result=result,
    )


# --- cancelling (J5)
# ---------------------------------------------------------------------------------------------


def test_j5_a_request_with_work_waits_for_the_work_side() -> None:
    asked = cancel_asked(accept(), CancelBody(reason="changed my mind"), NOW, LIMITS)
    assert (asked.status, asked.stage, asked.notice_received_at) == ("OPEN", "CANCEL_ASKED", NOW)


def test_j5_a_request_without_work_is_cancelled_at_once() -> None:
    asked = cancel_asked(replace(accept(), works=False), CancelBody(reason="changed my mind"), NOW, LIMITS)
    assert (asked.status, asked.stage, asked.closed_at) == ("CANCELLED", "CLOSED", NOW)


def test_p066_when_the_notice_was_received_is_kept_apart_from_when_it_is_confirmed() -> None:
    notice = NOW - timedelta(seconds=30)
    asked = cancel_asked(arranged(), CancelBody(reason="ill", notice_received_at=notice), NOW, LIMITS)
    assert asked.notice_received_at == notice


@pytest.mark.parametrize("received", [NOW - timedelta(days=1), NOW + timedelta(minutes=6)])
def test_p066_a_notice_is_not_older_than_the_request_nor_of_tomorrow(received: Any) -> None:
    with pytest.raises(Invalid) as refused:
        cancel_asked(arranged(), CancelBody(reason="ill", notice_received_at=received), NOW, LIMITS)
    assert refused.value.field == "notice_received_at"


def test_j5_what_is_done_or_being_cancelled_or_closed_cannot_be_cancelled() -> None:
    once = cancel_asked(arranged(), CancelBody(reason="ill"), NOW, LIMITS)
    for request in (once, done(), satisfied(done(), NOW)):
        with pytest.raises(Conflict):
            cancel_asked(request, CancelBody(reason="ill"), NOW, LIMITS)


# --- promising (P012, P013)
# --------------------------------------------------------------------------------------


def test_p012_no_time_is_promised_before_the_work_is_arranged() -> None:
    with pytest.raises(Conflict) as refused:
        promise(accept())
    assert refused.value.kind == "not-arranged"
    kept = promise(arranged())
    assert (kept.promise.promised_at, kept.promise.made_by, kept.promise.moved) == (LATER, "lin", 0)


@pytest.mark.parametrize("at", [NOW, NOW - timedelta(hours=1), NOW + timedelta(days=400)])
def test_p012_a_promise_lies_ahead(at: Any) -> None:
    with pytest.raises(Invalid) as refused:
        promise(arranged(), at)
    assert refused.value.field == "promised_at"


def test_p012_nothing_is_promised_for_work_that_is_done_cancelled_or_closed() -> None:
    cancelled = cancel_asked(arranged(), CancelBody(reason="ill"), NOW, LIMITS)
    for request in (done(), cancelled, satisfied(done(), NOW)):
        with pytest.raises(Conflict):
            promise(request)


def moved(before: Request, contact: Contact | None, **given: Any) -> Request:
    body = PromiseBody(promised_at=LATER + timedelta(hours=2), **given)
    return promised(
        before, body, contact, customer_named=False, by="lin", now=NOW + timedelta(hours=1), limits=LIMITS
    )


def test_p013_a_promise_moves_only_after_the_customer_was_told_before_it_passed() -> None:
    before = promise(arranged())
    after = moved(before, talk(NOW + timedelta(minutes=50)), reason="part is late")
    assert after.promise.moved == 1
    assert after.promise.promised_at == LATER + timedelta(hours=2)


@pytest.mark.parametrize(
    "contact",
    [
        None,
        talk(NOW - timedelta(minutes=1)),
        talk(LATER),
        talk(NOW + timedelta(minutes=5), result="no_answer"),
        talk(NOW + timedelta(minutes=5), about="another"),
    ],
    ids=["none", "before the promise", "after it passed", "not reached", "about another"],
)
def test_p013_without_such_a_contact_the_promise_stands(contact: Contact | None) -> None:
    with pytest.raises(Conflict) as refused:
        moved(promise(arranged()), contact, reason="part is late")
    assert refused.value.kind == "promise-not-discussed"


def test_p013_a_moved_promise_has_a_reason() -> None:
    with pytest.raises(Invalid) as refused:
        moved(promise(arranged()), talk(NOW + timedelta(minutes=5)))
    assert refused.value.field == "reason"


def test_p013_a_promise_that_passes_before_the_work_is_done_is_counted_once_for_that_promise() -> None:
    request = promise(arranged())
    missed = promise_passed(request, LATER, LATER)
    assert missed is not None
    assert missed.promise.missed == 1
    assert promise_passed(request, LATER + timedelta(hours=1), LATER) is None
    assert not promise_stands(replace(request, status="CANCELLED"), LATER)
    assert request.work is not None
    assert not promise_stands(replace(request, work=replace(request.work, completed_at=NOW)), LATER)


# --- the first contact answers for it (P009)
# ---------------------------------------------------------------------


def test_p009_another_than_the_first_contact_says_why() -> None:
    request = accept()
    assert check_on_behalf(request, "lin", "") == ""
    assert check_on_behalf(request, "zhou", "lin is ill") == "lin"
    with pytest.raises(Invalid) as refused:
        check_on_behalf(request, "zhou", "")
    assert refused.value.field == "on_behalf_reason"


# --- the ends (J7)
# -----------------------------------------------------------------------------------------------


def test_j7_satisfied_only_when_work_is_closed_and_settled() -> None:
    closed = satisfied(done(), NOW)
    assert (closed.status, closed.closed_at, closed.same_as) == ("SATISFIED", NOW, "")
    owing = done()
    owing = replace(owing, account=replace(owing.account, charged_minor=100), stage="DONE")
    for request in (accept(), arranged(), owing, closed):
        with pytest.raises(Conflict):
            satisfied(request, NOW)


def test_j7_a_need_without_work_is_confirmed_as_it_stands() -> None:
    assert satisfied(replace(accept(), works=False), NOW).status == "SATISFIED"


def test_p031_who_did_the_work_does_not_say_that_the_owner_is_satisfied() -> None:
    refused = own_work(done(), "wang")
    assert refused is not None
    assert refused.kind == "own-work"
    assert own_work(done(), "lin") is None
    assert own_work(replace(accept(), works=False), "wang") is None
    assert "confirm" in names(done())
    assert "confirm" not in names(done(), "wang")


def test_p009_not_satisfied_means_the_matter_goes_on() -> None:
    again = reopened(done())
    assert (again.status, again.stage, again.reopened) == ("OPEN", "REOPENED", 1)
    assert again.work is not None
    assert again.work.completed_at is None
    for request in (accept(), arranged(), satisfied(done(), NOW)):
        with pytest.raises(Conflict):
            reopened(request)


def test_j7_unreached_needs_the_configured_number_of_callbacks_and_can_be_reopened() -> None:
    tried = replace(done(), unanswered_callbacks=2)
    with pytest.raises(Conflict) as refused:
        unreached(tried, 3, NOW)
    assert refused.value.kind == "too-few-callbacks"
    closed = unreached(replace(tried, unanswered_callbacks=3), 3, NOW)
    assert closed.status == "UNREACHED"
    assert reopened(closed).status == "OPEN"
    with pytest.raises(Conflict):
        unreached(replace(arranged(), unanswered_callbacks=9), 3, NOW)


def test_j7_only_unanswered_outgoing_calls_at_allowed_hours_count() -> None:
    request = done()
    once = called_back(request, talk(NOW, "no_answer"), quiet=False)
    assert once.unanswered_callbacks == 1
    assert called_back(once, talk(NOW, "no_answer"), quiet=True).unanswered_callbacks == 1
    assert (
        called_back(once, replace(talk(NOW, "no_answer"), direction="in"), quiet=False).unanswered_callbacks
        == 1
    )
    assert called_back(once, talk(NOW, "reached"), quiet=False).unanswered_callbacks == 0


# --- what may be done next (J23)
# ---------------------------------------------------------------------------------


def names(request: Request, by: str = "lin") -> set[str]:
    offered = {action.path for action in possible_actions(standing(request, by))}
    assert "attachments" in offered, "a picture may be added at any time"
    return offered - {"attachments"}


def test_j23_what_is_offered_is_what_the_state_allows() -> None:
    assert names(accept()) == {"amend", "raise-urgency", "cancel", "report-difficult", "join", "ask-time"}
    assert names(arranged()) == {
        "amend",
        "raise-urgency",
        "cancel",
        "promise",
        "report-difficult",
        "join",
        "ask-time",
    }
    assert names(done()) == {"amend", "raise-urgency", "confirm", "reopen", "report-difficult"}
    assert "close-unreached" in names(replace(done(), unanswered_callbacks=3))
    assert names(satisfied(done(), NOW)) == {"amend"}
    assert "lower-urgency" in names(replace(accept(), urgency="urgent"))
    assert "raise-urgency" not in names(replace(accept(), urgency="emergency"))
    assert "reopen" in names(unreached(replace(done(), unanswered_callbacks=3), 3, NOW))
    assert names(cancel_asked(arranged(), CancelBody(reason="ill"), NOW, LIMITS)) == {
        "amend",
        "raise-urgency",
        "report-difficult",
    }
