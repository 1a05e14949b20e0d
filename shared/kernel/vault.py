"""The vault: one data key per person or request, and the power to forget it (ruling J9).

A data key seals the personal part of events. It lies in a database of its own, wrapped (RFC 3394) by a
master key that is in no database. Erasing deletes the wrapped bytes for ever and leaves a tombstone: the
name's next key is a new generation with a new id, so a person who calls again is served, and what was sealed
before stays closed. Keys are remembered for at most CACHE_SECONDS, after which an erasure holds everywhere.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from shared.clock import Clock
from shared.errors import Bug
from shared.kernel.unit import Index
from shared.kernel.wire import DataKey

COLLECTION = "data_keys"
CACHE_SECONDS = 60
CACHE_KEYS_MAX = 50_000
_DUPLICATE = 11000


INDEXES = (
    Index(
        COLLECTION,
        (("unswept", 1), ("erased_at", 1)),
        serves="names that were erased and whose files may still be there",
        partial={"unswept": True},
    ),
)


@dataclass(frozen=True, slots=True)
class Erased:
    """A name whose data key was deleted, and when."""

    property_id: str
    name: str
    erased_at: datetime


class Vault:
    """Data keys by property and name (`person:<id>`, `request:<id>`). `master_key` has 32 bytes."""

    def __init__(
        self,
        db: AsyncDatabase[dict[str, Any]],
        master_key: bytes,
        clock: Clock,
        *,
        cache_seconds: float = CACHE_SECONDS,
        cache_keys_max: int = CACHE_KEYS_MAX,
    ) -> None:
        if len(master_key) != 32:
            raise ValueError("the master key must have 32 bytes")
        self._keys = db[COLLECTION]
        self._master = master_key
        self._clock = clock
        self._keep = timedelta(seconds=cache_seconds)
        self._cache_max = cache_keys_max
        # by <property>:<name>, the current generation
        self._cache: OrderedDict[str, tuple[datetime, DataKey]] = OrderedDict()

    async def ensure(self, property_id: str, names: Iterable[str]) -> dict[str, DataKey]:
        """The current key of each name, made where there is none: one find, at most one insert."""
        ids = {f"{property_id}:{name}": name for name in names}
        found = {name: key for name in ids if (key := self._remembered(name)) is not None}
        unknown = [name for name in ids if name not in found]
        if unknown:
            found |= await self._read(unknown)
        absent = [name for name in unknown if name not in found]
        if absent:
            found |= await self._make(absent)
        return {name: found[full] for full, name in ids.items()}

    async def fetch(self, key_ids: Iterable[str]) -> dict[str, bytes]:
        """The keys with these ids (`<property>:<name>#<generation>`), without the erased ones. One find."""
        wanted = set(key_ids)
        found: dict[str, bytes] = {}
        unknown: set[str] = set()
        for key_id in wanted:
            name = key_id.rpartition("#")[0]
            cached = self._remembered(name)
            if cached is not None and cached.id == key_id:
                found[key_id] = cached.key
            else:
                unknown.add(name)
        if unknown:
            read = {key.id: key.key for key in (await self._read(unknown)).values()}
            found |= {key_id: read[key_id] for key_id in wanted & read.keys()}
        return found

    async def erase(self, property_id: str, name: str) -> bool:
        """Delete the key for ever; False if there was none. Here at once, elsewhere within the cache time."""
        full_name = f"{property_id}:{name}"
        self._cache.pop(full_name, None)
        result = await self._keys.update_one(
            {"_id": full_name, "wrapped": {"$exists": True}},
            {
                "$unset": {"wrapped": "", "created_at": ""},
                "$inc": {"generation": 1},
                "$set": {"erased_at": self._clock.now(), "unswept": True},
            },
        )
        return result.modified_count == 1

    async def erased(self, limit: int) -> list[Erased]:
        """Names erased so long ago that it holds everywhere, whose files may still be there; oldest first."""
        before = self._clock.now() - self._keep
        query = {"unswept": True, "erased_at": {"$lte": before}}
        rows = await self._keys.find(query).sort("erased_at", 1).limit(limit).to_list(limit)
        found = []
        for row in rows:
            property_id, _, name = row["_id"].partition(":")
            found.append(Erased(property_id, name, row["erased_at"]))
        return found

    async def swept(self, erased: Erased) -> None:
        """Nothing of it is left; unless the name was erased once more meanwhile."""
        key = {"_id": f"{erased.property_id}:{erased.name}", "erased_at": erased.erased_at}
        await self._keys.update_one(key, {"$unset": {"unswept": ""}})

    def _remembered(self, full_name: str) -> DataKey | None:
        entry = self._cache.get(full_name)
        if entry is None:
            return None
        until, key = entry
        if until <= self._clock.now():
            del self._cache[full_name]
            return None
        self._cache.move_to_end(full_name)
        return key

    async def _read(self, ids: Iterable[str]) -> dict[str, DataKey]:
        """What is stored of these, by `<property>:<name>`; erased and unknown names are left out."""
        found: dict[str, DataKey] = {}
        async for row in self._keys.find({"_id": {"$in": list(ids)}, "wrapped": {"$exists": True}}):
            found[row["_id"]] = self._remember(row["_id"], row["generation"], row["wrapped"])
        return found

    async def _make(self, ids: list[str]) -> dict[str, DataKey]:
        """Make keys for names that have none. The first to store wins a race: keys are read back."""
        now = self._clock.now()
        fresh = {name: aes_key_wrap(self._master, secrets.token_bytes(32)) for name in ids}
        rows = [{"_id": n, "generation": 1, "wrapped": w, "created_at": now} for n, w in fresh.items()]
        try:
            await self._keys.insert_many(rows, ordered=False)
            return {name: self._remember(name, 1, wrapped) for name, wrapped in fresh.items()}
        except BulkWriteError as error:
            if any(e["code"] != _DUPLICATE for e in (error.details or {})["writeErrors"]):
                raise
        for name, wrapped in fresh.items():  # rare: a race, or a name that was erased before
            await self._keys.update_one(
                {"_id": name, "wrapped": {"$exists": False}},
                {"$set": {"wrapped": wrapped, "created_at": now}},
            )
        return await self._read(ids)

    def _remember(self, full_name: str, generation: int, wrapped: bytes) -> DataKey:
        try:
            key = DataKey(f"{full_name}#{generation}", aes_key_unwrap(self._master, wrapped))
        except InvalidUnwrap as error:
            raise Bug("a data key does not unwrap: another master key, or an altered vault") from error
        self._cache[full_name] = (self._clock.now() + self._keep, key)
        self._cache.move_to_end(full_name)
        while len(self._cache) > self._cache_max:
            self._cache.popitem(last=False)
        return key
