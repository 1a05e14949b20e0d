"""Complaints and inquiries out of a file in the three modes of an import (ruling J8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.ids import new_id
from shared.kernel.runtime import Runtime
from tests.connected.intake_kit import Estate, new_property

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

CASES = {
    "complaint-owner": ("noise", "complaints"),
    "inquiry": ("services", "inquiries"),
}


@pytest_asyncio.fixture(loop_scope="module")
async def estate(intake: tuple[Runtime, str]) -> Estate:
    """An open training property nobody else uses."""
    estate = Estate(*intake, new_property())
    await estate.open(training=True)
    return estate


async def imported(estate: Estate, origin: str, procedure: str, **changed: Any) -> str:
    """One row of a file, half an hour old; the id of its request."""
    row = {
        "request_id": new_id(),
        "origin": origin,
        "import_source": "old-desk",
        "procedure": procedure,
        "category": CASES[procedure][0],
        "description": "from the old desk",
        "reported_at": (estate.runtime.clock.now() - timedelta(minutes=30)).isoformat(),
        **changed,
    }
    async with estate.client("administrator") as client:
        answer = await client.post("/requests/import", json={"requests": [row]})
    assert answer.status_code == 200, answer.text
    assert [one["outcome"] for one in answer.json()["rows"]] == ["accepted"], answer.text
    return str(row["request_id"])


async def case_of(estate: Estate, procedure: str, request_id: str) -> Any:
    """What the desk has to do about it, if anything."""
    query = {"property_id": estate.property_id, "id": request_id}
    return await estate.runtime.db[CASES[procedure][1]].find_one(query)


@pytest.mark.parametrize("procedure", sorted(CASES))
async def test_j8_a_case_of_history_is_a_fact_and_waits_for_nobody(estate: Estate, procedure: str) -> None:
    closed_at = estate.runtime.clock.now().isoformat()
    request_id = await imported(estate, "history", procedure, outcome="ANSWERED", closed_at=closed_at)
    read = await estate.read(request_id)
    assert (read["status"], read["first_contact_id"]) == ("ANSWERED", "imported")
    assert (await estate.counts())["timers"] == 0
    assert (
        await estate.runtime.db[CASES[procedure][1]].count_documents({"property_id": estate.property_id}) == 0
    )


@pytest.mark.parametrize("origin", ["live", "replay"])
@pytest.mark.parametrize("procedure", sorted(CASES))
async def test_j8_a_case_that_comes_live_or_is_played_again_is_in_hand(
    estate: Estate, procedure: str, origin: str
) -> None:
    request_id = await imported(estate, origin, procedure)
    assert (await estate.read(request_id))["status"] == "OPEN"
    found = await case_of(estate, procedure, request_id)
    assert found is not None, "the desk has the case"
    chased = (await estate.counts())["timers"] > 0
    assert chased == (procedure == "complaint-owner"), "an inquiry has a clock from when it is deferred"
