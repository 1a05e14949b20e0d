"""Early events that wait, as a batch needs them: whole streams, bounded, and none left behind.

A batch loads what waits on its streams up to a limit; streams beyond it come with a later batch. Where one
stream alone holds more, its lowest sequences of each producer are loaded: the next ones are among them, and
the stream goes on in rounds (`StreamPlan.partial`).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.errors import Poison
from shared.kernel.commit import WAITING
from shared.kernel.lanes import StreamKey
from shared.kernel.plan import WaitingRow
from shared.kernel.progress import Progress
from shared.kernel.reading import cause_of, personal_keys
from shared.kernel.rows import record_of
from shared.kernel.unit import Cause, Record
from shared.kernel.vault import Vault

LOADED_MAX = 1_000
Causes = Mapping[StreamKey, Sequence[Cause]]
Row = dict[str, Any]


def in_turn(causes: Causes, progress: Mapping[StreamKey, Progress]) -> tuple[Causes, list[StreamKey]]:
    """The streams of a batch whose waiting events fit, at least one of them, and those that come later."""
    now: dict[StreamKey, Sequence[Cause]] = {}
    later: list[StreamKey] = []
    loaded = 0
    for key, units in causes.items():
        waiting = progress[key].waiting if key in progress else 0
        if waiting and loaded and loaded + waiting > LOADED_MAX:
            later.append(key)
            continue
        loaded += waiting
        now[key] = units
    return now, later


class EarlyEvents:
    """The `waiting` rows of one service."""

    def __init__(self, db: AsyncDatabase[Row], vault: Vault, reads: Sequence[str]) -> None:
        self._waiting = db[WAITING]
        self._vault = vault
        self._reads = reads

    async def of(
        self, causes: Causes, progress: Mapping[StreamKey, Progress], given_up: Mapping[str, str]
    ) -> tuple[dict[StreamKey, dict[str, WaitingRow]], set[StreamKey]]:
        """What waits on these streams by id, and the streams of which this is only the beginning.

        `given_up`: reasons by id, for which some are parked in their turn.
        """
        sizes = {key: progress[key].waiting for key in causes if key in progress and progress[key].waiting}
        if not sizes:
            return {}, set()
        partial = {key for key, size in sizes.items() if size > LOADED_MAX}
        rows = await self._whole([key for key in sizes if key not in partial])
        for key in partial:
            rows += await self._beginning(key, causes[key])
        records = [record_of(row["record"]) for row in rows]
        keys = await self._vault.fetch(personal_keys(records))
        found: dict[StreamKey, dict[str, WaitingRow]] = defaultdict(dict)
        for row, record in zip(rows, records, strict=True):
            cause = _cause(row, record, keys)
            if reason := given_up.get(row["_id"]):
                cause = replace(cause, poison=reason)
            found[row["property_id"], row["stream"]][row["_id"]] = WaitingRow(cause, stored=True)
        return found, partial

    async def _whole(self, keys: Sequence[StreamKey]) -> list[Row]:
        if not keys:
            return []
        clauses = [{"property_id": property_id, "stream": stream} for property_id, stream in keys]
        return await self._waiting.find({"$or": clauses}).to_list()

    async def _beginning(self, key: StreamKey, causes: Sequence[Cause]) -> list[Row]:
        """The lowest of each producer, and those among `causes` that wait already and are delivered again."""
        each = max(1, LOADED_MAX // len(self._reads))
        found = await asyncio.gather(
            *(
                self._waiting.find({"property_id": key[0], "stream": key[1], "source": source})
                .sort([("property_id", 1), ("stream", 1), ("source", 1), ("sequence", 1)])
                .limit(each)
                .to_list()
                for source in self._reads
            )
        )
        ids = [WaitingRow(cause, stored=True).id for cause in causes if cause.kind == "event"]
        again = await self._waiting.find({"_id": {"$in": ids}}).to_list()
        return list({row["_id"]: row for rows in (*found, again) for row in rows}.values())


def _cause(row: Row, record: Record, keys: Mapping[str, bytes]) -> Cause:
    """What waits could be read when it came; if this release cannot read it, it is parked in its turn."""
    try:
        return cause_of(record, keys)
    except Poison as error:
        return Cause(
            id=row["_id"],
            kind="event",
            property_id=row["property_id"],
            stream=row["stream"],
            lane=row["lane"],
            payload=None,
            source=row["source"],
            sequence=row["sequence"],
            record=record,
            poison=str(error),
        )
