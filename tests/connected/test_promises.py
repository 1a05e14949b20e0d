"""A promise to the customer is watched, kept, moved only with the customer, or missed (P012, P013)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.clock import Clock, SystemClock
from tests.connected.intake_events import issued, now, worked
from tests.connected.intake_kit import Estate, new_property

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def clock() -> Clock:
    """The real time: what the other services tell here is told now."""
    return SystemClock()


async def test_p012_p013_a_promise_is_watched_and_moves_only_with_the_customer(estate: Estate) -> None:
    taken = await estate.accept()
    path = f"/requests/{taken['id']}/promise"
    soon, later = (now() + timedelta(hours=hours) for hours in (3, 5))
    async with estate.client("cs_officer") as client:
        early = await client.post(path, json={"promised_at": soon.isoformat()})
        assert (early.status_code, early.json()["type"].rsplit("/", 1)[1]) == (409, "not-arranged")
        await estate.told(issued(taken["id"]), stream=taken["id"])
        named = await client.post(path, json={"promised_at": soon.isoformat(), "customer_named": True})
        assert named.status_code == 403
        kept = await client.post(path, json={"promised_at": soon.isoformat()})
        assert kept.status_code == 200
        assert (await estate.counts())["timers"] == 2
        alone = await client.post(path, json={"promised_at": later.isoformat(), "reason": "part is late"})
        assert alone.status_code == 409
        told = await client.post(
            "/contacts",
            json={
                "channel": "callback",
                "direction": "out",
                "result": "reached",
                "about_request_id": taken["id"],
            },
        )
        assert told.status_code == 201
        moved = await client.post(
            path,
            json={
                "promised_at": later.isoformat(),
                "reason": "part is late",
                "contact_id": told.json()["id"],
            },
        )
        assert moved.status_code == 200, moved.text
    assert (await estate.read(taken["id"]))["promise"]["moved"] == 1
    assert (await estate.counts())["timers"] == 2


async def test_p013_a_promise_that_comes_near_is_told_and_one_that_passes_is_counted(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    promised_at = now() + timedelta(hours=3)
    async with estate.client() as client:
        answer = await client.post(
            f"/requests/{taken['id']}/promise", json={"promised_at": promised_at.isoformat()}
        )
        assert answer.status_code == 200, answer.text
    assert await estate.sweep(promised_at - timedelta(minutes=61)) == 0
    assert await estate.sweep(promised_at - timedelta(minutes=59)) == 1
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.extension_needed.v1"
    assert await estate.sweep(promised_at + timedelta(seconds=1)) == 1
    assert (await estate.journal(taken["id"]))[-1] == "intake.request.promise_missed.v1"
    assert (await estate.read(taken["id"]))["promise"]["missed"] == 1
    assert (await estate.counts())["timers"] == 0


async def test_p013_a_promise_kept_in_time_is_never_counted(estate: Estate) -> None:
    taken = await estate.accept()
    await estate.told(issued(taken["id"]), stream=taken["id"])
    promised_at = now() + timedelta(hours=3)
    async with estate.client() as client:
        body = {"promised_at": promised_at.isoformat()}
        assert (await client.post(f"/requests/{taken['id']}/promise", json=body)).status_code == 200
    await estate.told(*worked(taken["id"])[2:4], stream=taken["id"])
    assert await estate.sweep(promised_at + timedelta(seconds=1)) == 2
    assert "intake.request.promise_missed.v1" not in await estate.journal(taken["id"])
    assert (await estate.read(taken["id"]))["promise"]["missed"] == 0


async def test_p012_in_a_property_where_supervisors_promise_an_officer_may_not(estate: Estate) -> None:
    strict = Estate(estate.runtime, estate.url, new_property())
    await strict.open(profile="garden")
    taken = await strict.accept()
    await strict.told(issued(taken["id"]), stream=taken["id"])
    body = {"promised_at": (now() + timedelta(hours=3)).isoformat()}
    async with strict.client("cs_officer") as client:
        refused = await client.post(f"/requests/{taken['id']}/promise", json=body)
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (403, "supervisor-promises")
    async with strict.client("cs_supervisor") as client:
        assert (await client.post(f"/requests/{taken['id']}/promise", json=body)).status_code == 200
