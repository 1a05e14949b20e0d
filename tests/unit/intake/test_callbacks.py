"""What a callback means for its request (P031, J7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.domain.callbacks import by_callback
from services.intake.domain.request import Request, Work, staged
from shared.events.dispatch_callbacks import CallbackAnswered, CallbackAttempted, CallbackClosed

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NAMED = {"callback_id": "c1", "request_id": "r1", "work_order_id": "w1", "slip": "2026-000001"}


def done(**changes: Any) -> Request:
    """A request whose work is done, closed and free."""
    work = Work("w1", "2026-000001", step="closed", completed_at=NOW, closed_at=NOW)
    return staged(Request("villa", "r1", 3, work=work, **changes))


def answered(opinion: Any = "not_satisfied") -> CallbackAnswered:
    return CallbackAnswered(
        **NAMED, opinion=opinion, method="phone", by="lin", answered_at=NOW, signatures_missing=1
    )


def closed(result: Any, **changes: Any) -> CallbackClosed:
    values: dict[str, Any] = {"kind": "other", "round": "first", "proven": True, "last": True, **changes}
    return CallbackClosed(**NAMED, result=result, closed_at=NOW, **values)


@pytest.mark.parametrize("status", ["OPEN", "SATISFIED", "UNREACHED"])
def test_p031_not_satisfied_opens_it_again(status: Any) -> None:
    after = by_callback(staged(replace(done(), status=status)), answered())
    assert (after.status, after.stage, after.reopened) == ("OPEN", "REOPENED", 1)


@pytest.mark.parametrize("status", ["WITHDRAWN", "CANCELLED", "JOINED"])
def test_p031_what_ended_otherwise_stays(status: Any) -> None:
    request = staged(replace(done(), status=status))
    assert by_callback(request, answered()) is request


def test_p031_what_is_being_worked_on_is_not_opened_again() -> None:
    busy = staged(Request("villa", "r1", 3, work=Work("w2", step="started")))
    assert by_callback(busy, answered()) is busy


def test_p127_the_last_proven_callback_ends_it_satisfied() -> None:
    assert by_callback(done(), answered("satisfied")).open, "the second signature is missing"
    assert by_callback(done(), closed("satisfied", last=False)).open, "it is called back once more"
    assert by_callback(done(), closed("satisfied")).status == "SATISFIED"
    owing = staged(replace(done(), account=replace(done().account, charged_minor=4000)))
    assert by_callback(owing, closed("satisfied")).open, "something is owed"
    assert by_callback(done(), closed("problem")).open


def test_j7_unreached_is_never_satisfied() -> None:
    assert by_callback(done(), closed("unreached", proven=False)).status == "UNREACHED"


def test_j7_tries_at_allowed_hours_are_counted_until_somebody_answers() -> None:
    def tried(request: Request, result: Any, *, counted: bool) -> Request:
        event = CallbackAttempted(
            **NAMED, method="phone", result=result, counted=counted, number=1, by="lin", attempted_at=NOW
        )
        return by_callback(request, event)

    twice = tried(tried(done(), "not_reached", counted=True), "not_reached", counted=False)
    assert twice.unanswered_callbacks == 1
    assert tried(twice, "reached", counted=False).unanswered_callbacks == 0
