"""Requests that are not taken at a desk: history, replays and live imports (J8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import Conflict
from tests.unit.intake.kit import (
    NOW,
    VILLA,
    accept,
    body,
    refused,
)


def test_j8_history_keeps_its_own_times_its_end_and_makes_no_work() -> None:
    reported = NOW - timedelta(days=2_000)
    asked = body(
        origin="history",
        fields={},
        contact_id="",
        description="",
        reported_at=reported,
        outcome="SATISFIED",
        closed_at=reported + timedelta(days=3),
        hazard="flooding",
    )
    request = accept(asked, imported=True)
    assert (request.status, request.stage, request.works, request.lane) == (
        "SATISFIED",
        "CLOSED",
        False,
        "routine",
    )
    assert (request.reported_at, request.first_contact_id) == (reported, "imported")
    assert set(request.not_supplied) >= {"contact", "description", "requester.name", "fields.part"}
    assert request.complete_by is None
    assert request.same_as == ""


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"origin": "history", "outcome": "SATISFIED"}, "half-closed"),
        ({"origin": "history", "closed_at": NOW}, "half-closed"),
        ({"outcome": "SATISFIED", "closed_at": NOW}, "closed-already"),
        (
            {"origin": "history", "outcome": "SATISFIED", "closed_at": NOW + timedelta(days=1)},
            "time-in-the-future",
        ),
        (
            {
                "origin": "history",
                "outcome": "SATISFIED",
                "reported_at": NOW,
                "closed_at": NOW - timedelta(days=1),
            },
            "times-out-of-order",
        ),
    ],
)
def test_j8_an_end_that_cannot_be_is_refused(given: dict[str, Any], kind: str) -> None:
    assert refused(body(**given), imported=True).kind == kind


def test_j8_a_replay_goes_into_a_training_property_only() -> None:
    with pytest.raises(Conflict):
        accept(body(origin="replay"), imported=True)
    trained = replace(VILLA, training=True)
    assert accept(body(origin="replay"), imported=True, settled=trained).works


def test_j8_a_live_import_lacks_what_the_file_lacks_and_invents_nothing() -> None:
    request = accept(body(fields={}, contact_id="", description="", unit_id="", place=""), imported=True)
    assert request.works
    assert set(request.not_supplied) == {
        "contact",
        "description",
        "place",
        "requester.name",
        "requester.phone",
        "fields.part",
        "fields.tariff_told",
    }
