"""The checker finds what it is there to find: each violation is planted in a copy of a small clean world."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.connected.chaos_world import Copy, Document, Recording, record
from tests.stack import SessionStack

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]
Plant = Callable[[Copy], str]
PLANTS: dict[str, Plant] = {}


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


def plants(rule: str) -> Callable[[Plant], Plant]:
    """Register what plants a violation of that rule and returns a part of where it is to be found."""

    def register(plant: Plant) -> Plant:
        PLANTS[rule] = plant
        return plant

    return register


def test_the_small_world_is_clean(recording: Recording) -> None:
    assert recording.findings.violations == []


def test_the_copy_is_as_clean_as_the_world(copy: Copy) -> None:
    found = copy.check()
    assert found.violations == []
    assert found.looked_at == copy.recording.findings.looked_at


def test_the_small_world_has_everything(recording: Recording) -> None:
    looked_at = recording.findings.looked_at
    for what in ("payments", "ledger entries", "text messages taken", "mails taken", "deadlines fired"):
        assert looked_at[what] > 0, what


# --- requests, work and outcomes --------------------------------------------------------------------------


@plants("request-lost")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    copy.of("intake", "requests").delete_one({"_id": row["_id"]})
    return str(row["id"])


@plants("request-changed")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    copy.of("intake", "requests").update_one({"_id": row["_id"]}, {"$set": {"reference": "999999"}})
    return str(row["id"])


@plants("request-unknown")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    copy.of("intake", "requests").insert_one(row | {"_id": "tower:stranger", "id": "stranger"})
    return "stranger"


@plants("reference-twice")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests")
    again = row | {"_id": f"{row['property_id']}:twin", "id": "twin"}
    copy.of("intake", "requests").insert_one(again)
    return str(row["reference"])


@plants("work-order-missing")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", kind="repair")
    copy.of("dispatch", "work_orders").delete_one({"_id": row["_id"]})
    return str(row["request_id"])


@plants("work-order-twice")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", kind="repair")
    again = row | {"_id": row["_id"] + "2", "id": row["id"] + "2", "slip_number": row["slip_number"] + 9_000}
    copy.of("dispatch", "work_orders").insert_one(again)
    return str(row["request_id"])


@plants("work-order-alone")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders")
    copy.of("dispatch", "work_orders").update_one({"_id": row["_id"]}, {"$set": {"request_id": "nobody"}})
    return "nobody"


@plants("response-count")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", kind="response")
    copy.of("dispatch", "work_orders").delete_one({"_id": row["_id"]})
    return str(row["request_id"])


@plants("outcome-twice")
def _(copy: Copy) -> str:
    row = copy.one("intake", "outbox", type="intake.request.closed.v1")
    copy.of("intake", "outbox").insert_one(row | {"_id": "again", "sequence": row["sequence"] + 1})
    return str(row["stream"])


@plants("outcome-untold")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests", status="OPEN")
    copy.of("intake", "requests").update_one({"_id": row["_id"]}, {"$set": {"status": "SATISFIED"}})
    return str(row["id"])


@plants("outcome-changed")
def _(copy: Copy) -> str:
    def change(rows: list[Document]) -> list[Document]:
        shown = next(row for row in rows if row["kind"] == "shown")
        shown["status"] = "CANCELLED" if shown["status"] != "CANCELLED" else "WITHDRAWN"
        where.append(shown["request_id"])
        return rows

    where: list[str] = []
    copy.rewrite("journal.jsonl", change)
    return where[0]


@plants("outcome-split")
def _(copy: Copy) -> str:
    row = copy.one("intake", "requests", status="CANCELLED")
    query = {"request_id": row["id"], "kind": {"$ne": "response"}}
    copy.of("dispatch", "work_orders").update_one(query, {"$set": {"status": "STARTED"}})
    return str(row["id"])


# --- numbers and money ------------------------------------------------------------------------------------


@plants("number-gap")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "numbers", number=2)
    copy.of("dispatch", "numbers").delete_one({"_id": row["_id"]})
    copy.of("dispatch", "work_orders").delete_one({"property_id": row["property_id"], "slip_number": 2})
    return str(row["_id"])


@plants("number-twin")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "work_orders", slip_number=2)
    other = {"property_id": row["property_id"], "slip_number": 1}
    copy.of("dispatch", "work_orders").update_one(other, {"$set": {"slip_number": 2}})
    return f"{row['property_id']}:slip:{row['slip_year']}:2"


@plants("number-void")
def _(copy: Copy) -> str:
    row = copy.one("billing", "numbers")
    void = {"state": "void", "reason": ""}
    copy.of("billing", "numbers").update_one({"_id": row["_id"]}, {"$set": void})
    copy.of("billing", "payments").delete_one({"id": row["of"]})
    return str(row["_id"])


@plants("number-void-used")
def _(copy: Copy) -> str:
    row = copy.one("billing", "numbers")
    void = {"state": "void", "reason": "its unit was never committed"}
    copy.of("billing", "numbers").update_one({"_id": row["_id"]}, {"$set": void})
    return str(row["_id"])


@plants("counter-behind")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "counters")
    copy.of("dispatch", "counters").update_one({"_id": row["_id"]}, {"$inc": {"last": -1}})
    return str(row["_id"])


@plants("entry-unbalanced")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries")
    copy.of("billing", "entries").update_one({"_id": row["_id"]}, {"$inc": {"lines.0.amount_minor": 1}})
    return str(row["_id"])


@plants("ledger-unbalanced")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries")
    copy.of("billing", "entries").update_one({"_id": row["_id"]}, {"$pop": {"lines": 1}})
    return str(row["property_id"])


@plants("ledger-currencies")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries")
    copy.of("billing", "entries").update_one({"_id": row["_id"]}, {"$set": {"currency": "EUR"}})
    return str(row["property_id"])


@plants("booked-once")
def _(copy: Copy) -> str:
    row = copy.one("billing", "entries", kind="charge_payment")
    copy.of("billing", "entries").insert_one(row | {"_id": "again", "id": "again"})
    return str(row["document_id"])


@plants("receipt-lost")
def _(copy: Copy) -> str:
    row = copy.one("billing", "payments")
    copy.of("billing", "payments").delete_one({"_id": row["_id"]})
    return str(row["id"])


@plants("receipt-changed")
def _(copy: Copy) -> str:
    row = copy.one("billing", "payments")
    copy.of("billing", "payments").update_one({"_id": row["_id"]}, {"$set": {"receipt": "R1999-000001"}})
    return str(row["id"])


# --- messages ---------------------------------------------------------------------------------------------


def _again(copy: Copy, name: str) -> str:
    where: list[str] = []

    def change(rows: list[Document]) -> list[Document]:
        where.append(rows[0]["key"])
        return [*rows, rows[0]]

    copy.rewrite(name, change)
    return where[0]


def _without_one(copy: Copy, name: str, channel: str) -> str:
    sent = copy.one("notify", "messages", state="sent", channel=channel)
    key = next(hop["key"] for hop in sent["plan"] if hop["channel"] == channel)
    copy.rewrite(name, lambda rows: [row for row in rows if row["key"] != key])
    return str(sent["id"])


def _from_nowhere(copy: Copy, name: str) -> str:
    copy.rewrite(name, lambda rows: [*rows, rows[0] | {"key": "nobody-knows-me"}])
    return "nobody-knows-me"


PLANTS |= {
    "gateway-twice": lambda copy: _again(copy, "sms.jsonl"),
    "gateway-missing": lambda copy: _without_one(copy, "sms.jsonl", "sms"),
    "gateway-unknown": lambda copy: _from_nowhere(copy, "sms.jsonl"),
    "mail-twice": lambda copy: _again(copy, "smtp.jsonl"),
    "mail-missing": lambda copy: _without_one(copy, "smtp.jsonl", "email"),
    "mail-unknown": lambda copy: _from_nowhere(copy, "smtp.jsonl"),
}


def test_a_marked_repeat_of_a_mail_is_no_violation(harmed: Copy) -> None:
    harmed.rewrite("smtp.jsonl", lambda rows: [*rows, rows[0] | {"repeated": True}])
    assert harmed.check().violations == []


def test_a_mail_that_is_listed_unknown_may_be_missing(harmed: Copy) -> None:
    _without_one(harmed, "smtp.jsonl", "email")
    sent = harmed.one("notify", "messages", state="sent", channel="email")
    unknown = {"state": "unknown", "reason": "sender_died"}
    harmed.of("notify", "messages").update_one({"_id": sent["_id"]}, {"$set": unknown})
    assert harmed.check().violations == []


@plants("message-unsent")
def _(copy: Copy) -> str:
    row = copy.one("notify", "messages", state="sent")
    copy.of("notify", "messages").update_one({"_id": row["_id"]}, {"$set": {"state": "sending"}})
    return str(row["id"])


@plants("message-unexplained")
def _(copy: Copy) -> str:
    row = copy.one("notify", "messages", state="sent")
    failed = {"state": "failed", "reason": ""}
    copy.of("notify", "messages").update_one({"_id": row["_id"]}, {"$set": failed})
    return str(row["id"])


@plants("call-to-staff")
def _(copy: Copy) -> str:
    row = copy.one("notify", "messages", template="new_work_order")
    copy.of("notify", "messages").delete_one({"_id": row["_id"]})
    return str(row["stream"])


# --- streams, timers and deadlines ------------------------------------------------------------------------


@plants("sequence-twin")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=2)
    copy.of("dispatch", "outbox").insert_one(row | {"_id": "again"})
    return str(row["stream"])


@plants("sequence-gap")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=2)
    copy.of("dispatch", "outbox").delete_one(
        {"property_id": row["property_id"], "stream": row["stream"], "sequence": 1}
    )
    return str(row["stream"])


@plants("sequence-count")
def _(copy: Copy) -> str:
    row = copy.one("intake", "progress", own={"$gt": 0})
    copy.of("intake", "progress").update_one({"_id": row["_id"]}, {"$inc": {"own": 1}})
    return str(row["stream"])


@plants("not-caught-up")
def _(copy: Copy) -> str:
    row = copy.one("billing", "progress", **{"seen.dispatch": {"$gt": 0}})
    copy.of("billing", "progress").update_one({"_id": row["_id"]}, {"$inc": {"seen.dispatch": -1}})
    return f"billing:{row['_id']}"


@plants("seen-unpublished")
def _(copy: Copy) -> str:
    row = copy.one("notify", "progress", **{"seen.billing": {"$exists": False}})
    copy.of("notify", "progress").update_one({"_id": row["_id"]}, {"$set": {"seen.billing": 1}})
    return f"notify:{row['_id']}"


@plants("waiting")
def _(copy: Copy) -> str:
    row = {"_id": "tower:s:intake:7", "since": copy.recording.now}
    copy.of("notify", "waiting").insert_one(row)
    return "tower:s:intake:7"


@plants("parked")
def _(copy: Copy) -> str:
    row = {"_id": "odd", "state": "parked", "type": "x", "reason": "Bug", "parked_at": copy.recording.now}
    copy.of("billing", "parked").insert_one(row)
    return "billing:odd"


@plants("timer-overdue")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "timers")
    due = copy.recording.now - timedelta(seconds=31)
    copy.of("dispatch", "timers").update_one({"_id": row["_id"]}, {"$set": {"due_at": due}})
    return str(row["_id"])


@plants("timer-unreadable")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "timers")
    copy.of("dispatch", "timers").update_one({"_id": row["_id"]}, {"$set": {"urgency": 9}})
    return str(row["_id"])


def _escalation(copy: Copy) -> Document:
    return copy.one("dispatch", "outbox", type="dispatch.escalation.raised.v1")


@plants("deadline-unfired")
def _(copy: Copy) -> str:
    alarm = _escalation(copy)
    _move_back(copy, str(alarm["subject"]))
    copy.of("dispatch", "outbox").delete_many({"stream": alarm["stream"]})
    return str(alarm["subject"])


@plants("deadline-late")
def _(copy: Copy) -> str:
    """The alarm came in time for the clock it had."""
    alarm = _escalation(copy)
    _move_back(copy, str(alarm["subject"]))
    return str(alarm["subject"])


def _move_back(copy: Copy, order_id: str) -> None:
    """The order's clock, by three minutes."""
    order = copy.one("dispatch", "work_orders", id=order_id)
    back = timedelta(minutes=3)
    moved = {name: order[name] - back for name in ("issued_at", "clock_from", "due_at")}
    copy.of("dispatch", "work_orders").update_one({"_id": order["_id"]}, {"$set": moved})


def test_a_deadline_that_fell_into_an_outage_has_its_grace_from_the_recovery_on(harmed: Copy) -> None:
    where = PLANTS["deadline-late"](harmed)
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


# --- seals and answers ------------------------------------------------------------------------------------


@plants("seal-altered")
def _(copy: Copy) -> str:
    row = copy.one("intake", "outbox", sequence=1)
    copy.of("intake", "outbox").update_one({"_id": row["_id"]}, {"$set": {"actor": "somebody-else"}})
    return str(row["_id"])


@plants("seal-missing")
def _(copy: Copy) -> str:
    row = copy.one("notify", "outbox", sequence=1)
    copy.of("notify", "outbox").delete_one({"_id": row["_id"]})
    return str(row["_id"])


@plants("seal-added")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=1)
    past = row["time"] - timedelta(hours=1)
    copy.of("dispatch", "outbox").insert_one(row | {"_id": "slipped-in", "time": past})
    return "slipped-in"


@plants("seal-tail")
def _(copy: Copy) -> str:
    row = copy.one("dispatch", "outbox", sequence=1, lane="routine")
    young = copy.recording.now - timedelta(seconds=11)
    copy.of("dispatch", "outbox").insert_one(row | {"_id": "unsealed", "time": young})
    return "dispatch:routine"


@plants("seal-seal")
def _(copy: Copy) -> str:
    row = copy.one("billing", "seals")
    copy.of("billing", "seals").update_one({"_id": row["_id"]}, {"$set": {"mac": b"forged"}})
    return str(row["_id"])


@plants("answer-5xx")
def _(copy: Copy) -> str:
    said = {"kind": "finding", "property_id": "", "rule": "answer-5xx", "where": "intake POST", "what": "500"}
    copy.rewrite("journal.jsonl", lambda rows: [*rows, said])
    return "intake POST"


@pytest.mark.parametrize("rule", PLANTS)
def test_a_planted_violation_is_found(harmed: Copy, rule: str) -> None:
    where = PLANTS[rule](harmed)
    found: list[Any] = harmed.check().violations
    assert any(one.rule == rule and where in one.where for one in found), found
    assert len(found) < 30, "one harm must not drown the report"
