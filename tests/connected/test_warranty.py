"""Units with their day of delivery over HTTP, and what intake suggests as under warranty (P024)."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from shared.deadlines import months_later
from tests.connected.intake_kit import PROPERTY, Estate

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
CSV = {"Content-Type": "text/csv"}


def today(estate: Estate) -> date:
    return estate.runtime.clock.now().astimezone(ZoneInfo(PROPERTY["zone"])).date()


async def test_p024_a_repair_in_a_new_home_is_suggested_as_under_warranty(estate: Estate) -> None:
    request_id = (await estate.accept())["id"]
    unknown = await estate.read(request_id)
    assert (unknown["warranty_suggested"], unknown["warranty_until"]) == (False, None)
    delivered = today(estate)
    async with estate.client() as client:
        unit = {"label": "3-2-1801", "delivered_on": delivered.isoformat()}
        assert (await client.post("/units", json=unit)).status_code == 201
        assert (await client.get("/units/3-2-1801")).json()["delivered_on"] == delivered.isoformat()
    known = await estate.read(request_id)
    assert known["warranty_suggested"] is True
    assert known["warranty_until"] == months_later(delivered, 24).isoformat()
    wall = await estate.read((await estate.accept(category="structure"))["id"])
    assert wall["warranty_until"] == months_later(delivered, 60).isoformat()
    other = await estate.read((await estate.accept(unit_id="3-2-1802"))["id"])
    assert other["warranty_suggested"] is False


async def test_p024_an_old_home_is_not_and_the_property_sets_its_own_months(estate: Estate) -> None:
    delivered = months_later(today(estate), -36)
    async with estate.client() as client:
        sheet = f"label,delivered_on\n3-2-1801,{delivered}\n"
        assert (await client.post("/units/csv", content=sheet, headers=CSV)).status_code == 201
        old = await estate.read((await estate.accept())["id"])
        assert (old["warranty_suggested"], old["warranty_until"]) == (
            False,
            months_later(delivered, 24).isoformat(),
        )
        longer = PROPERTY | {"settings": {"warranty.months": 48}}
        assert (await client.put(estate.root, json=longer)).status_code == 200
    assert (await estate.read(old["id"]))["warranty_suggested"] is True


async def test_p024_a_day_that_is_none_is_refused_and_changes_nothing(estate: Estate) -> None:
    async with estate.client() as client:
        bad = await client.post("/units", json={"label": "3-2-1801", "delivered_on": "last summer"})
        assert (bad.status_code, bad.json()["field"]) == (422, "delivered_on")
        line = await client.post("/units/csv", content="label,delivered_on\n3-2-1801,soon\n", headers=CSV)
        assert (line.status_code, line.json()["field"]) == (422, "line 2: delivered_on")
        assert (await client.get("/units/3-2-1801")).json()["delivered_on"] == ""
