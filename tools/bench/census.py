"""Counting what a run of the platform wrote.

Documents, bytes and events per service, for the floor to write the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo import AsyncMongoClient

from tools.bench.world import World
from tools.stack.supervisor import Supervisor

SERVICES = ("intake", "dispatch", "billing", "notify")
READS = {
    "intake": ("dispatch", "billing", "notify"),
    "dispatch": ("intake", "billing"),
    "billing": ("intake", "dispatch"),
    "notify": ("intake", "dispatch", "billing"),
}
NOT_PER_REQUEST = {
    "seals",
    "checkpoints",
    "received",
    "witnesses",
    "leases",
    "loads",
    "catalogue_versions",
    "counters",
}


@dataclass(slots=True)
class Census:
    """Documents and mean bytes per (service, collection); events by (service, caused by)."""

    documents: Counter[tuple[str, str]] = field(default_factory=Counter)
    sizes: dict[tuple[str, str], int] = field(default_factory=dict)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)

    def minus(self, before: Census) -> Census:
        """What came since."""
        documents = self.documents.copy()
        documents.subtract(before.documents)
        events = self.events.copy()
        events.subtract(before.events)
        return Census(documents, self.sizes, events)

    def spec(self, requests: int) -> dict[str, Any]:
        """What each floor process writes: per accepted call, per event read, per message handed over."""
        return {service: self._service(service, requests) for service in SERVICES}

    def _service(self, service: str, requests: int) -> dict[str, Any]:
        made = {
            c: n
            for (s, c), n in self.documents.items()
            if s == service and c not in NOT_PER_REQUEST and n > 0
        }
        emitted = {p: sum(n for (s, _), n in self.events.items() if s == p) for p in SERVICES}
        consumed = {p: emitted[p] for p in READS[service] if emitted[p]}
        spec: dict[str, Any] = {"reads": list(consumed)}
        own_outbox = {cause: n for (s, cause), n in self.events.items() if s == service}
        plain = {c: n for c, n in made.items() if c != "outbox"}
        if service == "intake":
            accept = {c: n for c, n in plain.items() if c in {"requests", "contacts", "commands"}}
            accept["progress"] = requests
            spec["accept"] = self._counts(service, accept, own_outbox.get("command", 0), requests)
            plain = {
                c: n for c, n in plain.items() if c not in {"requests", "contacts", "commands", "progress"}
            }
        total = sum(consumed.values()) or 1
        handed = own_outbox.get("command", 0) if service == "notify" else 0
        for producer, count in consumed.items():
            share = {c: n * count / total for c, n in plain.items() if c != "progress"}
            share["progress"] = count  # one write of the stream's row for each event
            spec[f"from:{producer}"] = self._counts(service, share, own_outbox.get(producer, 0), count)
        if handed:
            spec["handed"] = self._counts(service, {"progress": handed}, handed, handed)
        return spec

    def _counts(
        self, service: str, made: Mapping[str, float], outbox: float, per: int
    ) -> dict[str, list[float]]:
        counts = {c: [n / per, self.sizes.get((service, c), 300)] for c, n in made.items() if n}
        if outbox:
            counts["outbox"] = [outbox / per, self.sizes.get((service, "outbox"), 1_000)]
        return counts


async def census(world: World, supervisor: Supervisor) -> Census:
    """Count now."""
    settings = supervisor.settings
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(world.stack.mongodb_url)
    found = Census()
    try:
        owner: dict[str, str] = {}
        causes: dict[str, list[str]] = defaultdict(list)
        for service in SERVICES:
            db = client[settings.database(service)]
            for name in await db.list_collection_names():
                stats = await db.command("collStats", name)
                found.documents[service, name] = stats["count"]
                found.sizes[service, name] = int(stats.get("avgObjSize", 0))
            async for row in db["outbox"].find({}, {"causation_id": 1}):
                owner[row["_id"]] = service
                causes[service].append(row["causation_id"])
        for service, ids in causes.items():
            for cause in ids:
                found.events[service, owner.get(cause, "command")] += 1
    finally:
        await client.close()
    return found
