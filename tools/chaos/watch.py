"""When work flows again after a kill: the process is ready, and what came in since has gone through it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from shared.mongo.client import connect
from tools.client import NotYetError, until
from tools.stack.broker import Broker
from tools.stack.processes import AUDITOR
from tools.stack.supervisor import Supervisor

POLL_SECONDS = 0.1
ROWS = 30
LANE_OF: Mapping[str, str] = {"front": "urgent", "bulk": "routine"}
SERVICES = ("intake", "dispatch", "billing", "notify")
PROBE = "chaos_probe"
Path = tuple[str, str]  # service and lane


class Watch:
    """Looks at the processes and databases of one run."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        settings = supervisor.settings
        self._prefix = settings.database_prefix
        self._client = connect(settings.mongodb_url, "guanjia-chaos", pool_max=8)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def back(self, name: str, old_pid: int, since: datetime, seconds: float) -> bool:
        """Wait until the process lives again and what was committed since flows; False when time is up."""
        paths = iter([None, *self._paths(name)])
        missing = next(paths)

        async def back() -> bool:
            nonlocal missing
            while await (self._flows(missing, since) if missing else self._ready(name, old_pid)):
                missing = next(paths, None)
                if missing is None:
                    return True
            return False

        try:
            return await until(back, seconds=seconds, what=name, every_seconds=POLL_SECONDS)
        except NotYetError:
            return False

    async def _ready(self, name: str, old_pid: int) -> bool:
        process = self._supervisor.processes[name]
        if not process.running or process.pid == old_pid:
            return False
        service = self._supervisor.services.get(name)
        if service is not None:
            return await service.ready()
        if isinstance(process, Broker):
            return await process.ready()
        return await self._takes_writes()

    async def _takes_writes(self) -> bool:
        try:
            await self._client[self._prefix + PROBE]["writes"].insert_one({})
        except PyMongoError:
            return False
        return True

    def _paths(self, name: str) -> list[Path]:
        """The queues that stand still without this process."""
        if name == AUDITOR:
            return []
        service, _, role = name.rpartition("-")
        if service in SERVICES:
            return [(service, LANE_OF[role])]
        return [(service, lane) for service in SERVICES for lane in LANE_OF.values()]

    async def _flows(self, path: Path, since: datetime) -> bool:
        """Whether the service has applied an event of its lane that was committed after that moment."""
        service, lane = path
        producer = "dispatch" if service == "intake" else "intake"
        try:
            rows = await self._news(self._db(producer), lane, since)
            ids = {f"{row['property_id']}:{row['stream']}": row["sequence"] for row in rows}
            seen = self._db(service)["progress"].find({"_id": {"$in": list(ids)}}, {"seen": 1})
            return any([bool(row["seen"].get(producer, 0) >= ids[row["_id"]]) async for row in seen])
        except PyMongoError:
            return False

    async def _news(
        self, db: AsyncDatabase[dict[str, Any]], lane: str, since: datetime
    ) -> list[dict[str, Any]]:
        query = {"lane": lane, "time": {"$gt": since}}
        shown = {"property_id": 1, "stream": 1, "sequence": 1}
        return await db["outbox"].find(query, shown).sort("time", 1).limit(ROWS).to_list(ROWS)

    def _db(self, service: str) -> AsyncDatabase[dict[str, Any]]:
        return self._client[self._prefix + service]


def span(since: datetime, until: datetime) -> float:
    """Seconds between."""
    return (until - since) / timedelta(seconds=1)
