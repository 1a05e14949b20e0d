"""What a database says of the queries it was asked: which of them no index served."""

from __future__ import annotations

from typing import Any

import pymongo

from shared.mongo.client import Database

PROFILE_BYTES = 64 * 1024 * 1024
WHOLE = {"properties", "catalogue_versions"}  # small, and read whole when a process starts
OWN_QUERIES = {"query", "command", "update", "remove", "getmore"}


async def watch_queries(db: Database) -> None:
    """From now on the database writes down each operation."""
    await db.create_collection("system.profile", capped=True, size=PROFILE_BYTES)
    await db.command({"profile": 2})


async def unserved(db: Database) -> tuple[int, list[str]]:
    """How many operations there were, and those that had to read a whole collection."""
    await db.command({"profile": 0})
    query = {"op": {"$in": sorted(OWN_QUERIES)}, "planSummary": {"$exists": True}}
    count, found = 0, set()
    async for row in db["system.profile"].find(query).sort("$natural", pymongo.ASCENDING):
        collection = row["ns"].partition(".")[2]
        if collection.startswith("system.") or _is_change_stream(row):
            continue
        count += 1
        if "COLLSCAN" in row["planSummary"] and not (collection in WHOLE and not _filter(row)):
            found.add(f"{row['op']} {collection}: {_shape(row['command'])}")
    return count, sorted(found)


def _is_change_stream(row: dict[str, Any]) -> bool:
    command = row.get("originatingCommand", row["command"])
    return any("$changeStream" in stage for stage in command.get("pipeline", ()))


def _filter(row: dict[str, Any]) -> Any:
    command = row.get("originatingCommand", row["command"])
    return command.get("filter") or command.get("query") or command.get("q")


def _shape(command: dict[str, Any]) -> dict[str, Any]:
    names = ("find", "count", "distinct", "aggregate", "filter", "query", "pipeline", "q", "sort")
    return {name: command[name] for name in names if name in command}
