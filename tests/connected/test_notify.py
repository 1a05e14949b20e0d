"""Notify through real stores and real servers: from an event to a message taken, and what goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.notify import repository
from services.notify.loops import Retention
from shared.events.intake import EmergencyRaised, RequestClosed, Requester, UrgencyLowered
from shared.events.intake_emergency import OwnerWarned
from shared.settings import Settings
from tests.connected.notify_kit import (
    GARDEN,
    LI,
    WANG,
    Notify,
    accepted,
    corrected,
    issued,
    notify,
    taken,
)
from tests.events import deadline_raised, emergency_raised
from tests.waiting import until
from tools.gateway.server import Running

pytestmark = pytest.mark.connected


async def test_owner_and_staff_are_told_and_it_is_on_the_stream(front: Notify, servers: Running) -> None:
    async with front.sending():
        await front.feed(accepted("r1"), "r1")
        await front.feed(issued("r1"), "r1")

        async def three_sent() -> bool:
            return await front.states() == {"sent": 3}

        await until(three_sent)
    messages = await front.messages()
    assert sorted(taken(servers)) == sorted(m.current.key for m in messages)
    assert {m["to"] for m in servers.mailbox.newest(10)} == {WANG.phone, LI.phone}
    rows = await front.events("notify.message.sent.v1")
    assert [row["sequence"] for row in rows] == [1, 2, 3]
    assert {(row["stream"], row["lane"]) for row in rows} == {("r1", "urgent")}
    text = b"".join(row["data"] for row in rows).decode()
    assert "王" not in text
    assert "138" not in text.replace(messages[0].id, "")


async def test_a_message_leaves_as_soon_as_it_is_committed(
    sending_settings: Settings, servers: Running
) -> None:
    poll_seconds = 30.0  # so that only being woken can be in time
    patient = sending_settings.model_copy(update={"message_poll_ms": int(poll_seconds * 1000)})
    delays = []
    async with notify(patient) as front:
        await front.configure()
        async with front.sending():
            for n in range(20):
                await front.feed(accepted(f"r{n}"), f"r{n}")

                async def sent(n: int = n) -> bool:
                    return servers.mailbox.counts["sms"] == n + 1

                await until(sent)
                [message] = await front.messages(request_id=f"r{n}")
                shown = servers.mailbox.newest(1)[0]
                delays.append((datetime.fromisoformat(shown["at"]) - message.created_at).total_seconds())
    delays.sort()
    print(f"created to taken: median {delays[10] * 1000:.0f} ms, most {delays[-1] * 1000:.0f} ms")


async def test_quiet_hours_hold_an_owner_but_no_emergency(front: Notify, servers: Running) -> None:
    now = datetime.now(UTC)
    quiet = {
        "quiet.from": f"{now - timedelta(hours=1):%H:%M}",
        "quiet.until": f"{now + timedelta(hours=2):%H:%M}",
    }
    await front.configure(zone="UTC", settings=quiet)
    async with front.sending():
        await front.feed(accepted("r1"), "r1")
        await front.feed(accepted("r2", urgency="emergency"), "r2")

        async def emergency_sent() -> bool:
            return await front.states() == {"held": 1, "sent": 1}

        await until(emergency_sent)
    [held] = await front.messages(state="held")
    assert held.request_id == "r1"
    assert held.next_attempt_at is not None
    assert f"{held.next_attempt_at:%H:%M}" == quiet["quiet.until"]
    assert len(taken(servers)) == 1


async def test_p020_another_owner_hears_of_an_emergency_at_night_without_its_request(front: Notify) -> None:
    now = datetime.now(UTC)
    since, until_then = f"{now - timedelta(hours=1):%H:%M}", f"{now + timedelta(hours=2):%H:%M}"
    await front.configure(zone="UTC", settings={"quiet.from": since, "quiet.until": until_then})
    fact = OwnerWarned(
        request_id="r9",
        reference="GD-9",
        urgency="emergency",
        place="3",
        hazard_zh="跑水",
        hazard_en="Flooding",
        person_id="zhou",
        unit_id="3-2-1802",
        warned_at=now,
        personal=Requester(name="周", phone="+8613700137000"),
        personal_key="person:zhou",
    )
    unlisted = {"person_id": "sun", "hazard_zh": "", "hazard_en": ""}
    erased = {"person_id": "qian", "personal": None}
    for changed in ({}, unlisted, erased):
        await front.feed(fact.model_copy(update=changed), "warning:r9", lane="urgent")
    first, second = await front.messages()
    assert (first.recipient, first.plan[0].address) == ("owner:zhou", "+8613700137000")
    assert {first.queue, second.queue, first.state, second.state} == {"emergency", "queued"}
    assert "跑水" in first.text
    assert (second.recipient, second.template) == ("owner:sun", "emergency_near_you_unlisted")


async def test_what_becomes_due_in_quiet_hours_is_held(front: Notify, servers: Running) -> None:
    await front.feed(accepted("r1"), "r1")
    now = datetime.now(UTC)
    quiet = {
        "quiet.from": f"{now - timedelta(hours=1):%H:%M}",
        "quiet.until": f"{now + timedelta(hours=2):%H:%M}",
    }
    await front.configure(zone="UTC", settings=quiet)
    async with front.sending():

        async def held() -> bool:
            return await front.states() == {"held": 1}

        await until(held)
        assert taken(servers) == []
        counted = {"queue": front.runtime.lane}
        before = REGISTRY.get_sample_value("guanjia_message_delay_seconds_count", counted)
        await front.configure()
        await front.db["messages"].update_many({}, {"$set": {"next_attempt_at": now}})

        async def sent() -> bool:
            return await front.states() == {"sent": 1}

        await until(sent)
    after = REGISTRY.get_sample_value("guanjia_message_delay_seconds_count", counted)
    assert after == before, "the night is no delay of ours"


async def test_nothing_of_a_training_property_leaves_the_machine(front: Notify, servers: Running) -> None:
    await front.feed(accepted("r1"), "r1")  # planned while nobody knew it was for training
    await front.configure(training=True)
    await front.feed(issued("r1"), "r1")
    async with front.sending():

        async def recorded() -> bool:
            return await front.states() == {"sent": 3}

        await until(recorded)
    assert {m.channel for m in await front.messages()} == {"training"}
    assert servers.mailbox.newest(1) == []


async def test_messages_wait_until_their_property_is_known(front: Notify, servers: Running) -> None:
    async with front.sending():
        await front.feed(accepted("x1"), "x1", "tower")
        await front.feed(accepted("r1"), "r1")

        async def other_sent() -> bool:
            return await front.states() == {"queued": 1, "sent": 1}

        await until(other_sent)
        await front.configure("tower", profile="tower")

        async def both_sent() -> bool:
            return await front.states() == {"sent": 2}

        await until(both_sent)


async def test_an_escalation_is_told_on_its_own_stream(front: Notify, servers: Running) -> None:
    now = datetime.now(UTC)
    event = deadline_raised(now, request_id="never-seen", personal=LI, personal_key="person:li")
    async with front.sending():
        await front.feed(event, "escalation:w1")
        await front.feed(event.model_copy(update={"personal": None, "step": 3}), "escalation:w1")

        async def told() -> bool:
            return await front.states() == {"sent": 1, "failed": 1}

        await until(told)
    rows = await front.events("notify.message.sent.v1")
    assert [row["stream"] for row in rows] == ["escalation:w1"]
    assert servers.mailbox.newest(1)[0]["to"] == LI.phone
    [listed] = await front.messages(state="failed")
    assert (listed.recipient, listed.reason) == ("staff:director", "no_address")


async def test_a_correction_holds_from_then_on(front: Notify) -> None:
    now = datetime.now(UTC)
    await front.feed(accepted("r1"), "r1")
    changed = corrected(now)
    await front.feed(changed, "r1")
    lowered = UrgencyLowered(request_id="r1", urgency="general", reason="checked", lowered_at=now)
    await front.feed(lowered, "r1")
    first, *later = await front.messages(audience="owner")
    assert [hop.channel for hop in first.plan] == ["sms", "email"]
    assert later
    assert {hop.channel for message in later for hop in message.plan} == {"email"}
    copy = await front.db["requests"].find_one({"id": "r1"})
    assert copy is not None
    assert (copy["urgency"], copy["phone"], copy["place"]) == ("general", "", "3-2-1802")
    count = len(await front.messages())
    await front.feed(changed.model_copy(update={"personal": None}), "r1")  # the key was deleted
    assert len(await front.messages()) == count


async def test_j25_what_changes_for_a_request_holds_for_its_emergency_too(front: Notify) -> None:
    now, stream = datetime.now(UTC), EmergencyRaised.stream("r1")
    await front.feed(accepted("r1"), "r1")

    async def copy(id: str = stream) -> dict[str, Any]:
        found = await front.db["requests"].find_one({"id": id})
        assert found is not None
        return found

    before = (await copy("r1"))["version"]
    await front.feed(emergency_raised("r1", now, personal=WANG), stream)
    assert (await copy("r1"))["version"] == before + 1, "what changed it in this instant has to look again"
    changed = corrected(now)
    await front.feed(changed, "r1")
    assert ((await copy())["phone"], (await copy())["urgency"]) == ("", "emergency")
    await front.feed(UrgencyLowered(request_id="r1", urgency="urgent", reason="dry", lowered_at=now), "r1")
    assert (await copy())["urgency"] == "urgent"
    await front.feed(RequestClosed(request_id="r1", outcome="SATISFIED", closed_at=now), "r1")
    assert (await copy())["wipe_at"] is not None
    await front.feed(changed.model_copy(update={"personal": None}), "r1")  # the key was deleted
    assert ((await copy())["name"], (await copy())["erased"]) == ("", True)


async def test_imported_history_tells_nobody(front: Notify) -> None:
    await front.feed(accepted("r1", origin="history"), "r1")
    await front.feed(issued("r1"), "r1")
    assert await front.messages() == []


async def test_what_was_kept_long_enough_loses_its_people(sending_settings: Settings) -> None:
    async with notify(sending_settings, "bulk") as process:
        await process.configure()
        for n in range(3):
            await process.feed(accepted(f"r{n}", urgency="general"), f"r{n}")
        past = datetime.now(UTC) - timedelta(days=1)
        await process.db["messages"].update_many({"request_id": {"$ne": "r2"}}, {"$set": {"wipe_at": past}})
        await process.db["requests"].update_many({"request_id": {"$ne": "r2"}}, {"$set": {"wipe_at": past}})
        assert await Retention(process.runtime).look() == 4
        assert await Retention(process.runtime).look() == 0
        texts = {m.request_id: (m.text, m.current.address) for m in await process.messages()}
        assert texts["r0"] == ("", "")
        assert texts["r2"][1] == WANG.phone
        phones = {row["request_id"]: row["phone"] async for row in process.db["requests"].find()}
        assert phones == {"r0": "", "r1": "", "r2": WANG.phone}


async def test_every_query_is_served_by_its_index(front: Notify) -> None:
    for n in range(30):
        await front.feed(accepted(f"r{n}"), f"r{n}")
    now = datetime.now(UTC)
    due = {
        "queue": "urgent",
        "channel": {"$in": ["sms", "email", "training"]},
        "next_attempt_at": {"$lte": now, "$type": "date"},
        "property_id": {"$in": [GARDEN]},
    }
    here, past = {"property_id": GARDEN}, {"$lte": now, "$type": "date"}
    states = {"$in": list(repository.STATES)}
    newest = [("created_at", -1), ("id", -1)]
    queries: list[tuple[str, dict[str, Any], list[tuple[str, int]], Any]] = [
        (repository.MESSAGES, due, [("next_attempt_at", 1)], repository.DUE_KEYS),
        (repository.MESSAGES, here | {"request_id": "r3"}, newest, repository.OF_REQUEST_KEYS),
        (repository.MESSAGES, here | {"state": states}, newest, repository.BY_STATE_KEYS),
        (repository.MESSAGES, here | {"state": "queued"}, newest, repository.BY_STATE_KEYS),
        (repository.MESSAGES, here | {"wipe_at": past}, [], None),
        (repository.REQUESTS, here | {"wipe_at": past}, [], None),
    ]
    for collection, query, order, keys in queries:
        cursor = front.db[collection].find(query).limit(50)
        if keys is not None:
            cursor = cursor.hint(list(keys))
        explained = await (cursor.sort(order) if order else cursor).explain()
        plan = str(explained["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan, query
        assert "COLLSCAN" not in plan, query
        assert "'SORT'" not in plan, query
