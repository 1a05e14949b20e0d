"""Six whole cases, from ring to receipt, under rough delivery: twice, out of order, with services dying in
between.

Shown are guarantees 1, 4, 5, 6 and 8 for the real services together: the cases end as they should, and
afterwards every request has one work order (and one more each time it was opened again), the books balance,
the numbers have no gap, nothing waits and nothing is parked.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from secrets import token_bytes

import pytest

from shared.settings import Settings
from tests.flow.rough_world import RoughWorld, rough_world
from tests.waiting import PATIENCE_SECONDS
from tools.client import Client
from tools.demo.cases import tell
from tools.demo.desk import Desk
from tools.gateway.server import gateway
from tools.session import Machine
from tools.stack.layout import Layout

pytestmark = [pytest.mark.connected, pytest.mark.timeout(1_200)]
PROPERTY = "tower"
ROUNDS = 2


@pytest.mark.parametrize("attempt", range(ROUNDS))
async def test_six_cases_end_well_whatever_the_delivery(
    settings: Settings, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attempt: int
) -> None:
    print(f"round {attempt}, seed {seed}")
    monkeypatch.setattr(Desk, "wait_seconds", PATIENCE_SECONDS)
    monkeypatch.setattr("tools.demo.cases.MESSAGES_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr("tools.session.Client", partial(Client, timeout_seconds=PATIENCE_SECONDS))
    secret = "whsec_" + token_bytes(32).hex()
    async with gateway(settings.gateway_secret.get_secret_value() or secret, tmp_path) as outside:
        changes = {"gateway_url": outside.url, "smtp_port": outside.smtp_port, "message_lease_seconds": 10.0}
        near = settings.model_copy(update=changes)  # who dies while sending is followed soon
        async with rough_world(near, seed) as world:
            told = await tell(Machine(Layout(tmp_path), near), PROPERTY, quiet=True)
            assert [(one.title, one.reason) for one in told if not one.good] == []
            await world.rest()
            assert world.deaths > 0
            assert world.twice > 0
            await _sound(world, [one.request_id for one in told])


async def _sound(world: RoughWorld, requests: list[str]) -> None:
    dispatch, intake = world.runtimes["dispatch"].db, world.runtimes["intake"].db
    for request_id in requests:
        query = {"property_id": PROPERTY, "request_id": request_id}
        [request] = await intake["requests"].find({"property_id": PROPERTY, "id": request_id}).to_list(2)
        assert await dispatch["work_orders"].count_documents(query) == 1 + request["reopened"]
    slips = [row["number"] async for row in dispatch["numbers"].find({"property_id": PROPERTY})]
    assert sorted(slips) == list(range(1, len(slips) + 1))
    for name, runtime in world.runtimes.items():
        db = runtime.db
        assert await db["parked"].count_documents({"state": "parked"}) == 0, name
        assert await db["waiting"].count_documents({}) == 0, name
        await _gapless(name, db)
    billing = world.runtimes["billing"].db
    total = 0
    async for entry in billing["entries"].find({"property_id": PROPERTY}):
        total += sum(line["amount_minor"] for line in entry["lines"])
    assert total == 0


async def _gapless(name: str, db: object) -> None:
    streams: dict[str, list[int]] = {}
    async for row in db["outbox"].find({}, {"stream": 1, "property_id": 1, "sequence": 1}):  # type: ignore[index]
        streams.setdefault(f"{row['property_id']}:{row['stream']}", []).append(row["sequence"])
    for stream, sequences in streams.items():
        assert sorted(sequences) == list(range(1, len(sequences) + 1)), f"{name} {stream}"
