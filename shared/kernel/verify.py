"""Checking the journal: every seal against its chain, its key, its rows, and what the neighbours remember.

Streams over the seals of a lane in order, so memory does not grow with the journal. Each row of the
journal ends up in one of five counts: sealed, expired (deleted by retention, still proven by its hash),
missing, altered, added; or it is in the tail that is not sealed yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

from pymongo.asynchronous.database import AsyncDatabase

from shared.events.envelope import LANES, Lane
from shared.kernel.journal import CHECKPOINTS, GENESIS, OUTBOX, SEALS, WITNESSES, Document, mac_of, seal_hash
from shared.kernel.wire import row_hash

FINDINGS_MAX = 100  # kept with their words; all are counted
IDS_IN_MEMORY_MAX = 500_000
SEALS_AT_ONCE = 20
TAIL = timedelta(seconds=60)  # a row so much older than the newest seal must be in one
EXPIRY_MARGIN = timedelta(days=1)  # rows expire by their own time, which is before that of their seal
HASH_BYTES = 32

Databases = Mapping[str, AsyncDatabase[Document]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written: where, and what about it."""

    service: str
    lane: str
    kind: str
    where: str
    detail: str


@dataclass(slots=True)
class LaneReport:
    """Counts of one service's lane. `tail_seconds` is the age of the oldest row that is not sealed yet."""

    service: str
    lane: str
    seals: int = 0
    sealed: int = 0
    expired: int = 0
    missing: int = 0
    altered: int = 0
    added: int = 0
    broken_seals: int = 0
    witnesses: int = 0
    tail: int = 0
    tail_seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether the journal is what was written."""
        return not (self.missing or self.altered or self.added or self.broken_seals)

    def find(self, kind: str, where: str, detail: str) -> None:
        """Note a finding; only the first are kept with their words."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(self.service, self.lane, kind, where, detail))


@dataclass(frozen=True, slots=True)
class Report:
    """What `guanjia verify` says."""

    lanes: tuple[LaneReport, ...]

    @property
    def sound(self) -> bool:
        """Whether every journal is what was written."""
        return all(lane.sound for lane in self.lanes)


async def verify(
    databases: Databases,
    hmac_key: bytes,
    now: datetime,
    retention: timedelta,
    progress: Progress = lambda lane, done, of: None,
) -> Report:
    """Check the journals of these services. `progress(lane, seals done, seals)` is called as it goes."""
    reports = [
        await _Lane(service, lane, databases, hmac_key, now, retention, progress).check()
        for service in databases
        for lane in LANES
    ]
    return Report(tuple(reports))


class _Lane:
    """One walk over one lane."""

    def __init__(
        self,
        service: str,
        lane: Lane,
        databases: Databases,
        hmac_key: bytes,
        now: datetime,
        retention: timedelta,
        progress: Progress,
    ) -> None:
        self._db = databases[service]
        self._neighbours = {name: db for name, db in databases.items() if name != service}
        self._lane: Lane = lane
        self._service = service
        self._key = hmac_key
        self._now = now
        self._expired_before = now - retention + EXPIRY_MARGIN
        self._progress = progress
        self.report = LaneReport(service, lane)
        self._known: dict[int, bytes] = {}
        self._bound: datetime | None = None  # younger rows may be the tail
        self._old = 0  # sealed rows before the bound

    async def check(self) -> LaneReport:
        """Walk over the seals, then look for rows that are in none."""
        report = self.report
        checkpoint = await self._db[CHECKPOINTS].find_one({"_id": self._lane}) or {}
        newest = await self._db[SEALS].find_one({"lane": self._lane}, ["n", "sealed_at"], sort=[("n", -1)])
        last = 0 if newest is None else int(newest["n"])
        self._bound = None if newest is None else newest["sealed_at"] - TAIL
        self._known = await self._witnesses()
        report.witnesses = len(self._known)
        n, previous = 0, GENESIS
        async for seal in self._seals({"n": {"$lte": last}}):
            self._lost(n + 1, seal["n"])
            await self._check_seal(seal, previous)
            n, previous = int(seal["n"]), seal_hash(seal)
            if n == checkpoint.get("n") and checkpoint["seal_hash"] != previous:
                self._broken(str(seal["_id"]), "the checkpoint remembers another seal of this number")
            report.seals += 1
            if report.seals % SEALS_AT_ONCE == 0:
                self._progress(f"{self._service}.{self._lane}", report.seals, last)
                await asyncio.sleep(0)
        self._lost(n + 1, int(checkpoint.get("n", 0)) + 1)
        for gone in sorted(k for k in self._known if k > max(n, checkpoint.get("n", 0))):
            self._broken(f"{self._lane}:{gone}", "the neighbours know this seal; here it is gone")
        await self._check_old()
        await self._check_tail()
        self._progress(f"{self._service}.{self._lane}", report.seals, last)
        return report

    def _seals(self, query: Document, *fields: str) -> AsyncIterator[Document]:
        wanted = {"lane": self._lane, **query}
        cursor = self._db[SEALS].find(wanted, list(fields) or None, batch_size=SEALS_AT_ONCE)
        return cursor.sort([("lane", 1), ("n", 1)])

    def _lost(self, first: int, end: int) -> None:
        for lost in range(first, end):
            self._known.pop(lost, None)
            self._broken(f"{self._lane}:{lost}", "the seal is missing")

    def _broken(self, where: str, detail: str) -> None:
        self.report.broken_seals += 1
        self.report.find("seal", where, detail)

    # --- seals --------------------------------------------------------------------------------------------

    async def _check_seal(self, seal: Document, previous: bytes) -> None:
        where = str(seal["_id"])
        if not compare_digest(seal.get("mac", b""), mac_of(seal, self._key)):
            self._broken(where, "it was not written with the seal key, or altered since")
        elif seal["prev"] != previous:
            self._broken(where, "it does not follow from the seal before it")
        witness = self._known.pop(seal["n"], None)
        if witness is not None and witness != seal_hash(seal):
            self._broken(where, "the neighbours were told another seal of this number")
        await self._check_rows(seal)

    async def _check_rows(self, seal: Document) -> None:
        report, ids, hashes = self.report, seal["ids"], seal["hashes"]
        if len(hashes) != HASH_BYTES * len(ids):
            self._broken(str(seal["_id"]), "it has not one hash for each row")
            return
        found = {row["_id"]: row async for row in self._db[OUTBOX].find({"_id": {"$in": ids}})}
        for i, row_id in enumerate(ids):
            digest = hashes[HASH_BYTES * i : HASH_BYTES * (i + 1)]
            row = found.get(row_id)
            if row is None and seal["sealed_at"] < self._expired_before:
                report.expired += 1
            elif row is None:
                report.missing += 1
                report.find("missing", row_id, f"sealed in {seal['_id']}, not in the journal")
            elif row_hash(row) != digest:
                report.altered += 1
                report.find("altered", row_id, f"differs from its hash in {seal['_id']}")
            else:
                report.sealed += 1
            if row is not None and self._bound is not None and row["time"] < self._bound:
                self._old += 1

    async def _witnesses(self) -> dict[int, bytes]:
        """What the neighbours kept of this lane's seals, by number. At most one in ten seconds was told."""
        known: dict[int, bytes] = {}
        for db in self._neighbours.values():
            async for row in db[WITNESSES].find({"producer": self._service, "lane": self._lane}):
                kept = known.setdefault(row["n"], row["hash"])
                if kept != row["hash"]:
                    self._broken(f"{self._lane}:{row['n']}", "the neighbours disagree about this seal")
        return known

    # --- rows in no seal ----------------------------------------------------------------------------------

    async def _check_old(self) -> None:
        """Rows older than the tail that no seal knows.

        Somebody added them. The counts tell if there are any.
        """
        if self._bound is None:
            return
        old = {"lane": self._lane, "time": {"$lt": self._bound}}
        if await self._db[OUTBOX].count_documents(old) == self._old:
            return
        rounds = 1 + (self.report.sealed + self.report.altered) // IDS_IN_MEMORY_MAX
        for part in range(rounds):  # several walks, so that each needs bounded memory
            sealed: set[str] = set()
            async for seal in self._seals({}, "ids"):
                sealed.update(i for i in seal["ids"] if hash(i) % rounds == part)
            async for row in self._db[OUTBOX].find(old, ["_id"]):
                if hash(row["_id"]) % rounds == part and row["_id"] not in sealed:
                    self.report.added += 1
                    self.report.find("added", row["_id"], "in no seal, and older than the tail")

    async def _check_tail(self) -> None:
        """Young rows that are not sealed yet: what one minute, or an outage of the relay, brings."""
        young: Document = {"lane": self._lane}
        since: Document = {}
        if self._bound is not None:
            young["time"] = {"$gte": self._bound}
            since["sealed_at"] = {"$gte": self._bound}
        sealed = {f.where for f in self.report.findings}
        async for seal in self._seals(since, "ids"):
            sealed.update(seal["ids"])
        async for row in self._db[OUTBOX].find(young, ["time"]):
            if row["_id"] not in sealed:
                self.report.tail += 1
                age = (self._now - row["time"]).total_seconds()
                self.report.tail_seconds = max(self.report.tail_seconds, age)
