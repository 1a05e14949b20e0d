"""Joining a request to another: what may be joined to what, and what becomes of it then (J7, J30)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.intake.domain.actions import possible_actions
from services.intake.domain.bodies import CancelBody
from services.intake.domain.changes import cancel_asked
from services.intake.domain.follow import finish
from services.intake.domain.join import followed, joined
from services.intake.domain.refusals import not_to_join
from services.intake.domain.request import Request, Work, ended, staged
from shared.errors import Conflict, Invalid
from shared.events.dispatch import WorkCancelled
from tests.unit.intake.kit import LIMITS, NOW, accept, arranged, done, standing


def other(**changes: Any) -> Request:
    """Another request, on which somebody works."""
    return staged(replace(arranged(), id="request-2", **changes))


def test_j7_j30_an_emergency_keeps_its_slip_and_is_never_joined() -> None:
    emergency = replace(accept(), urgency="emergency")
    assert not_to_join(emergency) is not None
    with pytest.raises(Conflict, match="cannot be joined"):
        joined(emergency, other(urgency="emergency"))


@pytest.mark.parametrize(
    "incident",
    [
        other(works=False),
        replace(done(), id="request-2", urgency="urgent"),
        other(notice_received_at=NOW, urgency="urgent"),
        other(urgency="general"),
    ],
    ids=["no work", "done", "being cancelled", "less urgent"],
)
def test_j7_a_request_is_joined_only_where_somebody_comes_as_soon(incident: Request) -> None:
    with pytest.raises(Invalid) as refused:
        joined(replace(accept(), urgency="urgent"), incident)
    assert (refused.value.field, refused.value.kind) == ("incident_id", "no-work-there")


def test_j7_a_request_is_joined_to_one_that_is_as_urgent_or_more() -> None:
    for urgency in ("urgent", "emergency"):
        after = joined(replace(accept(), urgency="urgent"), other(urgency=urgency))
        assert (after.joined_to, after.stage) == ("request-2", "JOINED")


def test_j18_a_joined_request_that_became_an_emergency_does_not_end_while_somebody_is_on_the_way() -> None:
    over = ended(other(), "SATISFIED", NOW)
    waiting = joined(accept(), other())
    risen = replace(waiting, urgency="emergency", work=Work("wo-response", kind="response"))
    assert followed(risen, over, NOW) is None
    result = followed(waiting, over, NOW)
    assert result is not None
    assert result.status == "JOINED"


def test_j5_j7_a_joined_request_that_is_cancelled_ends_at_once_or_with_its_slip() -> None:
    waiting = joined(accept(), other())
    assert "cancel" in {action.path for action in possible_actions(standing(waiting))}
    asked = cancel_asked(waiting, CancelBody(reason="not needed"), NOW, LIMITS)
    assert (asked.status, asked.joined_to, asked.closed_at) == ("CANCELLED", "", NOW)
    slip_out = joined(arranged(), other())
    asked = cancel_asked(slip_out, CancelBody(reason="not needed"), NOW, LIMITS)
    assert (asked.stage, asked.joined_to) == ("CANCEL_ASKED", "")
    returned = WorkCancelled(
        work_order_id="wo-1",
        request_id=asked.id,
        slip="2026-000001",
        reason="joined",
        notice_received_at=NOW,
        confirmed_at=NOW,
    )
    over = finish(asked, returned)
    assert over is not None
    assert over.status == "CANCELLED"


def test_j7_a_request_on_its_own_again_is_not_being_cancelled() -> None:
    waiting = replace(joined(accept(), other()), notice_received_at=NOW)
    alone = followed(waiting, ended(other(), "CANCELLED", NOW), NOW)
    assert alone is not None
    assert (alone.joined_to, alone.stage, alone.notice_received_at) == ("", "RECEIVED", None)
