"""The checker finds what it is there to find: each violation is planted in a copy of a small clean world."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.connected.chaos_plants import callbacks, cases, files, messages, requests, slips, streams
from tests.connected.chaos_world import Copy, Recording, record
from tests.stack import SessionStack

pytestmark = pytest.mark.connected
TOPICS = (requests, messages, streams, slips, callbacks, cases, files)
PLANTS = {rule: plant for topic in TOPICS for rule, plant in topic.PLANTS.items()}
DROWNED = 30
EVERYTHING = (
    "payments",
    "ledger entries",
    "text messages taken",
    "mails taken",
    "deadlines fired",
    "requests joined",
    "requests opened again",
    "cases of the desk: complaint",
    "cases of the desk: inquiry",
    "cases of the desk: message",
    "alarms about cases",
    "numbers on paper",
    "slips refused",
    "callbacks",
    "callbacks that found a problem",
    "rain",
    "attachments",
    "files in the store",
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("chaos"))


@pytest.fixture(scope="module")
def copy(
    recording: Recording, stack: SessionStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Copy]:
    own = {"mongodb_url": stack.mongodb_url, "database_prefix": f"t{secrets.token_hex(4)}_"}
    made = Copy(recording, recording.settings.model_copy(update=own), tmp_path_factory.mktemp("copy"))
    yield made
    made.drop()


@pytest.fixture
def harmed(copy: Copy) -> Iterator[Copy]:
    yield copy
    copy.heal()


def test_the_small_world_is_clean(recording: Recording) -> None:
    assert recording.findings.violations == []


def test_the_copy_is_as_clean_as_the_world(copy: Copy) -> None:
    found = copy.check()
    assert found.violations == []
    assert found.looked_at == copy.recording.findings.looked_at


def test_the_small_world_has_everything(recording: Recording) -> None:
    for what in EVERYTHING:
        assert recording.findings.looked_at[what] > 0, what


def test_a_marked_repeat_of_a_mail_is_no_violation(harmed: Copy) -> None:
    harmed.rewrite("smtp.jsonl", lambda rows: [*rows, rows[0] | {"repeated": True}])
    assert harmed.check().violations == []


def test_a_mail_that_is_listed_unknown_may_be_missing(harmed: Copy) -> None:
    messages.without_one(harmed, "smtp.jsonl", "email")
    sent = harmed.one("notify", "messages", state="sent", channel="email")
    unknown = {"state": "unknown", "reason": "sender_died"}
    harmed.of("notify", "messages").update_one({"_id": sent["_id"]}, {"$set": unknown})
    assert harmed.check().violations == []


def test_a_deadline_that_fell_into_an_outage_has_its_grace_from_the_recovery_on(harmed: Copy) -> None:
    where = streams.PLANTS["deadline-late"](harmed)
    order = harmed.one("dispatch", "work_orders", id=where)
    down = {
        "kind": "down",
        "property_id": "",
        "process": "dispatch-front",
        "since": f"{order['issued_at'].isoformat()}",
        "until": f"{(order['issued_at'] + timedelta(minutes=3)).isoformat()}",
    }
    harmed.rewrite("journal.jsonl", lambda rows: [*rows, down])
    assert "deadline-late" not in harmed.check().by_rule()


def test_no_rule_is_planted_twice() -> None:
    assert len(PLANTS) == sum(len(topic.PLANTS) for topic in TOPICS)


@pytest.mark.parametrize("rule", PLANTS)
def test_a_planted_violation_is_found(harmed: Copy, rule: str) -> None:
    where = PLANTS[rule](harmed)
    found = harmed.check().violations
    assert any(one.rule == rule and where in one.where for one in found), (where, found)
    assert len(found) < DROWNED, "one harm must not drown the report"
