"""People and parties over HTTP: contacts of partners, overlapping shifts, leave, swaps, households."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.settings import Settings
from tests.connected.dispatch_desk import PROPERTY, Desk, open_desk
from tests.connected.intake_kit import own_settings
from tests.stack import SessionStack

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def desk_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases of this module."""
    with own_settings(stack) as settings:
        yield settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate; each test uses people of its own."""
    async with open_desk(desk_settings) as made:
        yield made


async def test_p074_parties_are_recorded_listed_and_refused_where_nobody_can_be_reached(desk: Desk) -> None:
    developer = {
        "kind": "developer",
        "name": "Pine Construction",
        "contacts": [{"name": "Desk", "phone": "13800138000", "email": "desk@pine.example"}],
        "terms": "two years on pipes",
        "answer_within_hours": 48,
    }
    put = await desk.call("repair_supervisor", "PUT", "parties/pine", developer)
    assert (put.status_code, put.json()["version"]) == (200, 1)
    text = (
        "party_id,kind,name,contact,phone\ncars,partner,Cars,Desk,13800138001\nx,friend,X,Desk,13800138002\n"
    )
    sent = await desk.call(
        "cs_supervisor",
        "POST",
        "parties/csv",
        content=text.encode(),
        headers={"Authorization": f"Bearer {desk.token('cs_supervisor')}", "Content-Type": "text/csv"},
    )
    assert (sent.status_code, sent.json()["accepted"]) == (200, 1), sent.text
    assert [(r["line"], r["field"]) for r in sent.json()["refused"]] == [(3, "kind")]
    unreachable = {**developer, "contacts": [{"name": "Nobody"}]}
    refused = await desk.call("repair_supervisor", "PUT", "parties/pine", unreachable)
    assert (refused.status_code, refused.json()["field"]) == (422, "contacts")
    read = await desk.call("technician", "GET", "parties/pine")
    assert (read.headers["ETag"], read.json()["contacts"][0]["phone"]) == ('"1"', "+8613800138000")
    listed = (await desk.call("cs_officer", "GET", "parties")).json()["items"]
    assert [p["id"] for p in listed] == ["cars", "pine"]
    partners = (await desk.call("cs_officer", "GET", "parties?kind=partner")).json()["items"]
    assert [p["id"] for p in partners] == ["cars"]
    assert (await desk.call("technician", "PUT", "parties/pine", developer)).status_code == 403
    stale = await desk.call(
        "repair_supervisor", "PUT", "parties/pine", developer, headers={"If-Match": '"7"'}
    )
    assert stale.status_code == 412


async def test_a_shift_that_overlaps_is_refused_and_nothing_changed(desk: Desk) -> None:
    await desk.staff("garden", ("green-1", "technician"))
    before = (await desk.call("cs_officer", "GET", "shifts?department=garden")).json()
    now = desk.clock.now()
    late = {
        "staff_id": "green-1",
        "starts_at": (now + 2 * HOUR).isoformat(),
        "ends_at": (now + 4 * HOUR).isoformat(),
    }
    body = {"department": "garden", "shifts": [late]}
    refused = await desk.call("department_head", "POST", "shifts", body)
    assert refused.status_code == 409
    problem = refused.json()
    assert "planned at that time already" in problem["detail"]
    assert problem["field"] == "starts_at"
    after = (await desk.call("cs_officer", "GET", "shifts?department=garden")).json()
    assert after == before
    assert PROPERTY in refused.request.url.path
