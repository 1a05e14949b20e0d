"""Repairs that are done and signed, so that somebody calls back; and the steps of those callbacks."""

from __future__ import annotations

import itertools
from typing import Any

import orjson

from tests.connected.dispatch_desk import Desk, Json

_numbers = itertools.count(1)


async def repaired(desk: Desk, **changes: Any) -> str:
    """A public repair that is done and signed; the id of its work order."""
    request_id = f"r{next(_numbers)}"
    changes = {"procedure": "repair-report", "area": "public", **changes}
    order_id = await desk.report(request_id, first_contact_id="lin", **changes)
    await desk.work_done(order_id, "tech-1")
    await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"}, sub="boss-1")
    return order_id


async def listed(desk: Desk, query: str) -> list[Json]:
    """Callbacks as the desk sees them."""
    answer = await desk.call("cs_officer", "GET", f"callbacks?{query}", sub="lin")
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["items"]
    return found


async def post(
    desk: Desk, callback: Json, action: str, body: Json, *, sub: str, role: str = "cs_officer"
) -> Any:
    """One step of a callback."""
    return await desk.call(role, "POST", f"callbacks/{callback['id']}/{action}", body, sub=sub)


def facts(rows: list[Json]) -> list[Json]:
    """What the events say."""
    return [orjson.loads(row["data"]) for row in rows]
