"""Calls to a platform that runs the demonstration group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.events.envelope import PRODUCERS
from shared.mongo.client import Database, connect
from tests.connected.platform_kit import Platform
from tools.client import Client
from tools.demo.group import Estate, demonstration_group

GROUP = demonstration_group()
TOWER = GROUP[0]


@asynccontextmanager
async def databases(platform: Platform) -> AsyncIterator[list[Database]]:
    """Those of all services, and the vault's."""
    settings = platform.machine.settings
    client = connect(settings.mongodb_url, "test")
    try:
        yield [client[settings.database(name)] for name in (*PRODUCERS, "vault")]
    finally:
        await client.close()


async def all_read(platform: Platform) -> bool:
    """Whether dispatch has read all that intake has told: no slip of it is still to come."""
    async with databases(platform) as found:
        intake, dispatch = (found[PRODUCERS.index(name)] for name in ("intake", "dispatch"))
        stream = {"$concat": ["$property_id", ":", "$stream"]}
        last = [{"$group": {"_id": stream, "sequence": {"$max": "$sequence"}}}]
        rows = await intake["outbox"].aggregate(last, hint="_id_")
        told = {row["_id"]: row["sequence"] async for row in rows}
        read = dispatch["progress"].find().hint("_id_")
        seen = {row["_id"]: row["seen"].get("intake", 0) async for row in read}
    return all(seen.get(id, 0) >= sequence for id, sequence in told.items())


def reader(platform: Platform, estate: Estate = TOWER) -> Client:
    return platform.machine.of_property(estate.id, "director", "cs_supervisor", "administrator")


async def directory_of(client: Client) -> dict[str, list[Any]]:
    base = f"/v1/properties/{TOWER.id}"
    return {
        "units": [(one["id"], one["version"]) async for one in client.all("intake", f"{base}/units")],
        "people": [(one["id"], one["version"]) async for one in client.all("intake", f"{base}/people")],
        "staff": [one["staff_id"] async for one in client.all("dispatch", f"{base}/staff")],
        "guide": (await client.get("intake", f"/v1/guides/{TOWER.id}"))["services"],
    }


async def slips_of(platform: Platform, estate: Estate) -> int:
    async with reader(platform, estate) as client:
        return int((await client.get("dispatch", f"/v1/properties/{estate.id}/summary"))["slips"])


async def report_lift(client: Client, estate: Estate) -> str:
    body = {
        "procedure": "repair-report",
        "category": "lift",
        "area": "public",
        "place": "客梯1号",
        "description": "电梯异响",
        "fields": {"part": "电梯"},
        "contact": {"channel": "hotline"},
    }
    answer = await client.post("intake", f"/v1/properties/{estate.id}/requests", body)
    return str(answer["id"])
