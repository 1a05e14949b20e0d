"""Callbacks (P031, P127): which are made and when, two different signatures, who may not, giving up, rain."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.domain import callback as rules
from services.dispatch.domain.callback import Attempt, Callback, Opinion
from services.dispatch.domain.callback_alarms import alarms
from services.dispatch.domain.callback_notice import notice_read
from services.dispatch.domain.callback_plan import Times, kind_of, planned
from services.dispatch.domain.flow import Actor
from services.dispatch.domain.rain import recorded
from services.dispatch.domain.site import Site
from shared.catalogue.load import Catalogue
from shared.errors import Conflict, Forbidden, Invalid
from tests.unit.dispatch.builders import NOW, PROPERTY, SUPERVISOR, order

TIMES = Times.of(Catalogue.shipped().profile("villa").settings)
ZONE = "Asia/Shanghai"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIN, MEI = Actor("lin"), Actor("mei")
HAPPY = Opinion("satisfied", "phone")


def plan(**changes: Any) -> list[tuple[str, str, timedelta]]:
    """Kind, round and time from the repair to its due time of all callbacks of a repair."""
    done = order("SIGNED", done_at=NOW, **changes)
    found = planned(done, TIMES, ZONE, NOW)
    return [(c.kind, c.round, c.due_at - NOW) for c in found if c.due_at is not None]


def due(**changes: Any) -> Callback:
    """A callback that is due, of a repair that tech-1 made and lin took."""
    [found] = planned(order("SIGNED", done_at=NOW, callback_kind="other"), TIMES, ZONE, NOW)
    values = {"first_contact_id": "lin", **changes}
    return dataclasses.replace(found, **values)


def test_p031_each_kind_is_called_back_in_its_own_time() -> None:
    assert plan(callback_kind="other") == [("other", "first", 7 * DAY)]
    assert plan(callback_kind="safety") == [("safety", "first", DAY)]
    assert plan(callback_kind="leak") == [("leak", "first", 3 * DAY), ("leak", "rain", 90 * DAY)]
    twice = [("urgent", "first", 24 * HOUR), ("urgent", "second", 7 * DAY)]
    assert plan(callback_kind="other", urgency="urgent") == twice
    assert plan(callback_kind="other", urgency="emergency") == twice
    assert plan(callback_kind="leak", urgency="urgent") == [*twice, ("leak", "rain", 90 * DAY)]


@pytest.mark.parametrize(
    ("hazard", "category", "fields", "kind"),
    [
        ("", "plumbing", {"leak": True}, "leak"),
        ("outer-wall-seepage", "structure", {}, "leak"),
        ("", "plumbing", {"leak": False}, "other"),
        ("", "lift", {}, "safety"),
        ("railing-loose", "structure", {}, "safety"),
        ("", "other", {"safety_facility": True}, "safety"),
        ("", "plumbing", {}, "other"),
    ],
)
def test_p031_the_kind_is_what_the_catalogue_says(
    hazard: str, category: str, fields: dict[str, str | int | bool], kind: str
) -> None:
    found = Catalogue.shipped().procedure("repair-indoor", "villa").dispatch
    assert found is not None
    assert kind_of(found.callback_rules, hazard, category, fields) == kind


def test_p127_a_callback_by_telephone_is_proven_by_two_different_people() -> None:
    once = rules.answered(due(), HAPPY, LIN, NOW, NOW)
    assert (once.status, once.signatures_missing, once.open) == ("ANSWERED", 1, True)
    with pytest.raises(Conflict, match="two different people"):
        rules.signed(once, LIN, NOW)
    twice = rules.signed(once, MEI, NOW + 9 * HOUR)
    assert (twice.status, twice.result, [s.by for s in twice.signatures]) == (
        "CLOSED",
        "satisfied",
        ["lin", "mei"],
    )


@pytest.mark.parametrize("method", ["visit", "written", "link"])
def test_p127_what_was_written_or_said_face_to_face_needs_one(method: Any) -> None:
    done = rules.answered(due(), Opinion("satisfied", method), LIN, NOW, NOW)
    assert (done.status, done.result) == ("CLOSED", "satisfied")


def test_r18_who_did_the_work_neither_calls_back_nor_signs() -> None:
    with pytest.raises(Forbidden, match="does not call back"):
        rules.answered(due(), HAPPY, Actor("tech-1"), NOW, NOW)
    with pytest.raises(Forbidden, match="does not call back"):
        rules.signed(rules.answered(due(), HAPPY, LIN, NOW, NOW), Actor("tech-1"), NOW)
    [helped] = planned(order("SIGNED", done_at=NOW, site=Site(helpers=("mei",))), TIMES, ZONE, NOW)
    with pytest.raises(Forbidden, match="does not call back"):
        rules.answered(helped, HAPPY, MEI, NOW, NOW)


def test_p009_somebody_else_than_the_first_contact_says_why() -> None:
    with pytest.raises(Invalid, match="first contact") as refused:
        rules.answered(due(), HAPPY, MEI, NOW, NOW)
    assert refused.value.field == "on_behalf_reason"
    said = Opinion("satisfied", "phone", on_behalf_reason="he is on leave")
    assert rules.answered(due(), said, MEI, NOW, NOW).answered_by == "mei"


def test_p031_not_satisfied_needs_a_problem_and_waits_for_the_notice_to_be_read() -> None:
    with pytest.raises(Invalid, match="What is wrong"):
        rules.answered(due(), Opinion("not_satisfied", "phone"), LIN, NOW, NOW)
    with pytest.raises(Invalid, match="one or the other"):
        rules.answered(due(), Opinion("satisfied", "phone", "price"), LIN, NOW, NOW)
    after = rules.answered(due(), Opinion("not_satisfied", "visit", "came_back"), LIN, NOW, NOW + DAY)
    assert (after.result, alarms(after)) == ("problem", {"notice_late": NOW + DAY})
    with pytest.raises(Forbidden, match="who did the work"):
        notice_read(after, Actor("tech-2", frozenset({"technician"})), NOW)
    assert notice_read(after, SUPERVISOR, NOW).notice_read_by == "boss-1"
    read = notice_read(after, Actor("tech-1"), NOW)
    assert alarms(read) == {}
    with pytest.raises(Conflict, match="no notice"):
        notice_read(read, Actor("tech-1"), NOW)


def test_j7_unreached_only_after_so_many_tries_at_allowed_hours() -> None:
    def tried(callback: Callback, *, counted: bool, result: Any = "not_reached") -> Callback:
        return rules.attempted(callback, Attempt("phone", result, counted, "lin", NOW), LIN)

    callback = tried(tried(tried(due(), counted=True), counted=True), counted=False)
    assert (callback.tried, callback.unreached) == (3, 2)
    with pytest.raises(Conflict, match="tried 2 times") as refused:
        rules.given_up(callback, NOW)
    assert "3 recorded attempts" in (refused.value.accepted or "")
    assert tried(callback, counted=False, result="reached").unreached == 0
    assert rules.given_up(tried(callback, counted=True), NOW).result == "unreached"


def test_p031_what_waits_for_rain_cannot_be_made_before() -> None:
    waiting = due(status="AWAITING_RAIN", round="rain")
    with pytest.raises(Conflict, match="not rained yet"):
        rules.answered(waiting, HAPPY, LIN, NOW, NOW)
    assert alarms(rules.rained(waiting, "rain-1", NOW + DAY)) == {"callback_late": NOW + DAY}


def test_p031_rain_that_came_before_the_end_of_the_request_still_brings_its_callback() -> None:
    """The owner is satisfied in the very moment in which it has rained: the leak is tested all the same."""
    waiting = due(status="AWAITING_RAIN", round="rain")
    for callback in (waiting, rules.rained(waiting, "rain-1", NOW + DAY)):
        assert rules.ended_with(callback, "SATISFIED", NOW) is None
        ended = rules.ended_with(callback, "CANCELLED", NOW)
        assert ended is not None
        assert (ended.status, ended.result, ended.ended_with) == ("CLOSED", "ended", "CANCELLED")
    first = rules.ended_with(due(), "SATISFIED", NOW)
    assert first is not None
    assert first.result == "ended"


@pytest.mark.parametrize("offset", [-31 * DAY, HOUR])
def test_p031_rain_has_fallen_already_and_not_too_long_ago(offset: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        recorded(PROPERTY, "rain-1", NOW + offset, "lin", NOW)
    assert refused.value.field == "rained_at"
