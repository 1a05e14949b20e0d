"""The journal's own side: seals, the relay's checkpoint, and what is not sealed yet (guarantee 7).

A seal holds, in publish order, the ids of rows and their hashes, the hash of the seal before it, and an
HMAC whose key is in no database. It is written in one transaction with the checkpoint. Its unique id is
the fence against a second relay, and so is the checkpoint's `epoch`, which each start of a relay raises:
the last to start is the one that goes on.
"""

from __future__ import annotations

import asyncio
import hmac
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import bson
import pymongo
from bson.timestamp import Timestamp
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from shared.clock import Clock
from shared.errors import Bug, GuanjiaError
from shared.events.envelope import Lane
from shared.kernel.unit import Index
from shared.kernel.wire import Row

OUTBOX, SEALS, CHECKPOINTS, OUTBOX_PARKED = "outbox", "seals", "checkpoints", "outbox_parked"
RECEIVED, WITNESSES = "received", "witnesses"
FUSES = "fuses"
COLLECTIONS = (OUTBOX, SEALS, CHECKPOINTS, OUTBOX_PARKED, RECEIVED, WITNESSES, FUSES)
GAP_MARGIN = timedelta(minutes=15)  # longest time between a unit's `now` and its commit, and clocks apart
TRANSACTION_SECONDS = 4
GENESIS = b"\0" * 32
NOT_PUBLISHED = -1  # partition of a row that cannot be an event: sealed, kept in outbox_parked, never sent
_JITTER = random.Random()  # noqa: S311  spreads retries, guards nothing

Document = dict[str, Any]


INDEXES = (
    Index(OUTBOX_PARKED, (("state", 1), ("parked_at", 1)), serves="rows that could not be published"),
    Index(SEALS, (("lane", 1), ("n", 1)), serves="verify walks the chain; the newest seal", unique=True),
    Index(SEALS, (("lane", 1), ("last_position", 1)), serves="republish and replay from a position"),
    Index(SEALS, (("lane", 1), ("sealed_at", 1)), serves="replay from a time"),
    Index(RECEIVED, (("producer", 1), ("lane", 1)), serves="what a group has of a producer"),
)


class SecondRelay(GuanjiaError):
    """Another relay of this service and lane has started: this one must not go on."""


@dataclass(slots=True)
class Sealed:
    """A row that was published: what its seal says of it, and where the change stream goes on after it."""

    id: str
    digest: bytes
    partition: int
    position: int
    token: Mapping[str, Any] | None = None
    cluster_time: Timestamp | None = None


@dataclass(slots=True)
class Checkpoint:
    """Where a relay stands. `last`: last position per partition; `since`: first of this incarnation."""

    lane: Lane
    epoch: int
    n: int
    position: int
    last: dict[int, int]
    seal_hash: bytes
    token: Mapping[str, Any] | None
    cluster_time: Timestamp | None
    incarnation: str = ""
    since: int = 1
    republished: dict[int, int] = field(default_factory=dict)


def mac_of(seal: Document, key: bytes) -> bytes:
    """HMAC-SHA256 over the seal without its `mac`."""
    return hmac.digest(key, bson.encode({k: v for k, v in seal.items() if k != "mac"}), "sha256")


def seal_hash(seal: Document) -> bytes:
    """What the next seal and the neighbours remember of this one."""
    return sha256(bson.encode(seal)).digest()


class Journal:
    """Seals and checkpoint of one lane. Writes go one after another; one relay at a time may use it."""

    def __init__(self, db: AsyncDatabase[Document], lane: Lane, hmac_key: bytes, clock: Clock) -> None:
        if len(hmac_key) < 16:
            raise ValueError("the seal key must have at least 16 bytes")
        self.db = db
        self.lane = lane
        self._key = hmac_key
        self._clock = clock
        self._lock = asyncio.Lock()
        self.checkpoint: Checkpoint

    async def open(self, skip: int) -> Checkpoint:
        """Take the lane over: raise the epoch, leave out `skip` positions that may be used."""
        row = await self.db[CHECKPOINTS].find_one_and_update(
            {"_id": self.lane},
            {"$inc": {"epoch": 1, "position": skip}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            raise Bug("the checkpoint was not stored")
        if "n" not in row:  # new, or lost: the newest seal knows
            row |= await self._from_newest_seal(row["position"])
            await self._update(
                {k: row[k] for k in ("n", "position", "last", "seal_hash", "cluster_time")}, row["epoch"]
            )
        self.checkpoint = Checkpoint(
            lane=self.lane,
            epoch=row["epoch"],
            n=row["n"],
            position=row["position"],
            last={int(p): n for p, n in row["last"].items()},
            seal_hash=row["seal_hash"],
            token=row.get("token"),
            cluster_time=row.get("cluster_time"),
            incarnation=row.get("incarnation", ""),
            since=row.get("since", 1),
            republished={int(p): n for p, n in row.get("republished", {}).items()},
        )
        return self.checkpoint

    async def seal(self, rows: Sequence[Sealed], last: Mapping[int, int], *, gap: bool) -> Document:
        """Seal these and move the checkpoint in one transaction. Raises SecondRelay if another took over."""
        async with self._lock:
            cp = self.checkpoint
            seal: Document = {
                "_id": f"{self.lane}:{cp.n + 1}",
                "lane": self.lane,
                "n": cp.n + 1,
                "first_position": rows[0].position,
                "last_position": rows[-1].position,
                "ids": [r.id for r in rows],
                "hashes": b"".join(r.digest for r in rows),
                "partitions": [r.partition for r in rows],
                "last": {str(p): n for p, n in last.items()},
                "gap": gap,
                "prev": cp.seal_hash,
                "sealed_at": self._clock.now(),
            }
            seal["mac"] = mac_of(seal, self._key)
            digest = seal_hash(seal)
            moved: Document = {
                "n": cp.n + 1,
                "position": rows[-1].position,
                "last": seal["last"],
                "seal_hash": digest,
            }
            if (
                not gap
            ):  # a gap fill is complete only with its last row: until then it starts from where it began
                moved |= {"token": rows[-1].token, "cluster_time": rows[-1].cluster_time}
            await self._commit(seal, moved)
            cp.n, cp.position, cp.last, cp.seal_hash = cp.n + 1, rows[-1].position, dict(last), digest
            if not gap:
                cp.token, cp.cluster_time = rows[-1].token, rows[-1].cluster_time
            return seal

    async def save_token(self, token: Mapping[str, Any]) -> None:
        """Remember how far an idle stream has come, or its token ages out of the oplog."""
        async with self._lock:
            await self._update({"token": token}, self.checkpoint.epoch)
            self.checkpoint.token = token

    async def note_filled(self, moment: Timestamp) -> None:
        """All rows committed up to this moment are sealed."""
        async with self._lock:
            await self._update({"token": None, "cluster_time": moment}, self.checkpoint.epoch)
            self.checkpoint.token, self.checkpoint.cluster_time = None, moment

    async def note_incarnation(self, name: str, since: int) -> None:
        """The broker's log is another one: what stands before position `since` may be lost there."""
        async with self._lock:
            if self.checkpoint.incarnation == name:
                return
            await self._update(
                {"incarnation": name, "since": since, "republished": {}}, self.checkpoint.epoch
            )
            self.checkpoint.incarnation, self.checkpoint.since, self.checkpoint.republished = name, since, {}

    async def note_republished(self, low: Mapping[int, int]) -> None:
        """Per partition: everything after this position was published again in this incarnation."""
        async with self._lock:
            merged = self.checkpoint.republished | dict(low)
            await self._update({"republished": {str(p): n for p, n in merged.items()}}, self.checkpoint.epoch)
            self.checkpoint.republished = merged

    async def unsealed(self) -> tuple[Timestamp, AsyncIterator[Row]]:
        """The rows of this lane that are in no seal, by stream and sequence, and the moment of this view.

        A change stream from that moment on gives the rest, and what was committed in that very moment.
        """
        view = await self.db.command(
            {
                "find": OUTBOX,
                "limit": 1,
                "singleBatch": True,
                "projection": {"_id": 1},
                "readConcern": {"level": "snapshot"},
            }
        )
        moment: Timestamp = view["cursor"]["atClusterTime"]
        known = self.checkpoint.cluster_time
        bound = None if known is None else known.as_datetime() - GAP_MARGIN
        return moment, self._unsealed(moment, bound)

    async def _unsealed(self, moment: Timestamp, bound: datetime | None) -> AsyncIterator[Row]:
        sealed = await self._sealed_since(bound)
        query: Document = {"lane": self.lane}
        if bound is not None:
            query["time"] = {"$gte": bound}
        cursor = await self.db.cursor_command(
            {
                "find": OUTBOX,
                "filter": query,
                "sort": {"property_id": 1, "stream": 1, "sequence": 1},
                "allowDiskUse": True,
                "readConcern": {"level": "snapshot", "atClusterTime": moment},
            }
        )
        async for row in cursor:
            if row["_id"] not in sealed:
                yield row

    async def _sealed_since(self, bound: datetime | None) -> set[str]:
        """Ids in seals made after that moment: no row is sealed before it was made."""
        ids: set[str] = set()
        cursor = self.db[SEALS].find({"lane": self.lane}, {"ids": 1, "sealed_at": 1}).sort("n", -1)
        async for seal in cursor:
            if bound is not None and seal["sealed_at"] < bound:
                break
            ids.update(seal["ids"])
        return ids

    async def _from_newest_seal(self, position: int) -> Document:
        seal = await self.db[SEALS].find_one({"lane": self.lane}, sort=[("n", -1)])
        if seal is None:
            return {"n": 0, "position": position, "last": {}, "seal_hash": GENESIS, "cluster_time": None}
        return {
            "n": seal["n"],
            "position": position + seal["last_position"],
            "last": seal["last"],
            "seal_hash": seal_hash(seal),
            "cluster_time": Timestamp(seal["sealed_at"], 0),
        }

    async def _update(self, changed: Document, epoch: int) -> None:
        result = await self.db[CHECKPOINTS].update_one({"_id": self.lane, "epoch": epoch}, {"$set": changed})
        if result.matched_count != 1:
            raise SecondRelay(f"another relay of lane {self.lane} has started")

    async def _commit(self, seal: Document, moved: Document) -> None:
        """Until it is durable or another relay is found; the store being away is waited for."""
        while True:
            try:
                with pymongo.timeout(TRANSACTION_SECONDS):
                    await self._transaction(seal, moved)
                return
            except DuplicateKeyError as error:
                stored = await self.db[SEALS].find_one({"_id": seal["_id"]}, {"mac": 1})
                if stored is not None and stored["mac"] == seal["mac"]:
                    return  # an earlier try was committed and its answer lost
                raise SecondRelay(f"seal {seal['_id']} was written by another relay") from error
            except PyMongoError as error:
                if not (
                    error.timeout
                    or isinstance(error, ConnectionFailure)
                    or error.has_error_label("TransientTransactionError")
                    or error.has_error_label("UnknownTransactionCommitResult")
                ):
                    raise
            await asyncio.sleep(_JITTER.uniform(0.001, 0.02))

    async def _transaction(self, seal: Document, moved: Document) -> None:
        async with self.db.client.start_session() as session, await session.start_transaction():
            await self.db[SEALS].insert_one(seal, session=session)
            result = await self.db[CHECKPOINTS].update_one(
                {"_id": self.lane, "epoch": self.checkpoint.epoch}, {"$set": moved}, session=session
            )
            if result.matched_count != 1:
                raise SecondRelay(f"another relay of lane {self.lane} has started")
