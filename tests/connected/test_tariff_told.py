"""Whether charges and tariff were told is answered before a repair in a home is taken (P018, P014)."""

from __future__ import annotations

import pytest

from tests.connected.intake_kit import Estate

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
PART = {"part": "kitchen tap"}


@pytest.mark.parametrize("procedure", ["repair-report", "repair-indoor"])
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Whether charges and tariff were told is asked."),
        ("zh", "请填写“是否已告知收费情况及收费标准”。"),
    ],
)
async def test_p018_a_repair_in_a_home_is_refused_without_it_in_the_callers_language(
    estate: Estate, procedure: str, language: str, said: str
) -> None:
    before = await estate.counts()
    async with estate.client("cs_officer") as client:
        body = estate.repair(procedure=procedure, fields=PART)
        answer = await client.post("/requests", json=body, headers={"Accept-Language": language})
    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["field"], problem["detail"]) == ("fields.tariff_told", said)
    assert problem["accepted"]
    assert await estate.counts() == before


async def test_p018_a_no_is_an_answer_and_a_public_repair_has_no_tariff(estate: Estate) -> None:
    untold = await estate.accept(fields={**PART, "tariff_told": False})
    assert (await estate.read(untold["id"]))["fields"]["tariff_told"] is False
    hall = await estate.accept(area="public", unit_id="", place="hall", fields=PART)
    assert "tariff_told" not in (await estate.read(hall["id"]))["fields"]


async def test_p018_the_answer_is_neither_taken_back_nor_gone_around(estate: Estate) -> None:
    home = (await estate.accept())["id"]
    gone = await estate.refused(home, "amend", "cs_officer", reason="x", fields={"tariff_told": None})
    assert gone["field"] == "fields.tariff_told"
    hall = (await estate.accept(area="public", unit_id="", place="hall", fields=PART))["id"]
    moved = await estate.refused(hall, "amend", "cs_officer", reason="x", area="indoor", unit_id="3-2-1801")
    assert (moved["status"], moved["field"]) == (422, "fields.tariff_told")
    told = {"area": "indoor", "unit_id": "3-2-1801", "fields": {"tariff_told": True}}
    await estate.act(hall, "amend", "cs_officer", reason="it is at home", **told)
    assert (await estate.read(hall))["area"] == "indoor"
