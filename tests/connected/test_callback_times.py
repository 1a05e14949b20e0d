"""When which repair is called back and how many people prove it, as shipped and as set: P031, P127, R18."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.callback_kit import listed, post, repaired
from tests.connected.dispatch_desk import Desk, open_desk

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OWN = {"callback.safety_days": 2, "callback.leak_days": 4, "callback.other_days": 5}
OWN |= {"callback.urgent_hours": 6, "callback.urgent_second_days": 3}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate whose people are called back about."""
    async with open_desk(desk_settings) as made:
        await made.staff("engineering", ("tech-1", "technician"), ("boss-1", "repair_supervisor"), hours=20)
        yield made


@pytest.mark.parametrize("settings", [{}, OWN], ids=["as shipped", "of the property"])
@pytest.mark.parametrize(
    ("kind", "report", "shipped", "own"),
    [
        ("safety", {"fields": {"safety_facility": True}}, [DAY], [2 * DAY]),
        ("safety", {"category": "lift"}, [DAY], [2 * DAY]),
        ("leak", {"fields": {"leak": True}}, [3 * DAY], [4 * DAY]),
        ("other", {}, [7 * DAY], [5 * DAY]),
        ("urgent", {"urgency": "urgent"}, [24 * HOUR, 7 * DAY], [6 * HOUR, 3 * DAY]),
    ],
)
async def test_p031_each_kind_is_called_back_after_its_days_or_hours(
    desk: Desk,
    kind: str,
    report: dict[str, Any],
    shipped: list[timedelta],
    own: list[timedelta],
    settings: dict[str, int],
) -> None:
    await desk.open_property(settings=settings)
    await desk.forget_looks()
    found = await listed(desk, f"work_order_id={await repaired(desk, **report)}")
    due = [one for one in found if one["status"] == "DUE"]
    assert {one["kind"] for one in due} == {kind}
    done = datetime.fromisoformat(due[0]["repaired_at"])
    assert [datetime.fromisoformat(one["due_at"]) - done for one in due] == (own if settings else shipped)
    waits = [one["status"] for one in found if one not in due]
    assert waits == (["AWAITING_RAIN"] if kind == "leak" else []), "a leak once more, after rain"


@pytest.mark.parametrize(
    ("method", "settings", "people"),
    [("visit", {}, 1), ("written", {}, 1), ("phone", {}, 2), ("phone", {"callback.phone_signatures": 3}, 3)],
)
async def test_p127_r18_so_many_people_prove_a_callback(
    desk: Desk, method: str, settings: dict[str, int], people: int
) -> None:
    await desk.open_property(settings=settings)
    await desk.forget_looks()
    [callback] = await listed(desk, f"work_order_id={await repaired(desk)}")
    said = await post(desk, callback, "opinion", {"opinion": "satisfied", "method": method}, sub="lin")
    assert said.status_code == 200, said.text
    for number, name in enumerate(("mei", "wu")[: people - 1], 1):
        assert (said.json()["status"], said.json()["signatures_missing"]) == ("ANSWERED", people - number)
        said = await post(desk, callback, "sign", {}, sub=name)
    assert (said.json()["status"], said.json()["result"]) == ("CLOSED", "satisfied")
