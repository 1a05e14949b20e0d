"""Reads are shared (guarantee 3): the loads of all units of a batch become one query per collection.

All handlers of a batch start in one turn of the event loop; each read asks the collector and waits, and the
collector runs once all have asked. Committed state that is only looked at (settings, directories) is also
kept for some seconds in a bounded cache.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from pymongo.asynchronous.database import AsyncDatabase

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Document = dict[str, Any]
PLACE = "_asked_by"
UNITED_MAX = 200  # branches of one query


class Collector(Generic[K, V]):
    """Collects keys asked for in one turn of the loop and answers them with one call of `fetch`."""

    def __init__(self, fetch: Callable[[Sequence[K]], Awaitable[dict[K, V]]]) -> None:
        self._fetch = fetch
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """The value of the key, or None if the fetch did not know it."""
        future = self._asked.get(key)
        if future is None:
            loop = asyncio.get_running_loop()
            future = self._asked[key] = loop.create_future()
            if len(self._asked) == 1:
                loop.call_soon(self._start)
        return await future

    def _start(self) -> None:
        asked, self._asked = self._asked, {}
        self._task = asyncio.ensure_future(self._run(asked))

    async def _run(self, asked: dict[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._fetch(list(asked))
        except BaseException as error:
            for future in asked.values():
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # the waiting units re-raise it; nobody else has to
            if not isinstance(error, Exception):
                raise
            return
        for key, future in asked.items():
            if not future.done():
                future.set_result(found.get(key))


class LookCache:
    """Committed documents for some seconds, oldest out first.

    Absent ones are not kept, own commits drop theirs at once.
    """

    def __init__(self, entries_max: int, seconds: float) -> None:
        self._entries_max = entries_max
        self._seconds = seconds
        self._entries: OrderedDict[tuple[str, str], tuple[float, Any]] = OrderedDict()

    def get(self, collection: str, id: str) -> Any | None:
        """The kept aggregate, if it is young enough."""
        entry = self._entries.get((collection, id))
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def put(self, collection: str, id: str, aggregate: Any) -> None:
        """Keep it."""
        self._entries[collection, id] = (time.monotonic() + self._seconds, aggregate)
        self._entries.move_to_end((collection, id))
        while len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def drop(self, collection: str, id: str) -> None:
        """Forget it: it has just been changed here."""
        self._entries.pop((collection, id), None)


class Found:
    """The documents of one look, made into aggregates once for all units that share it."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        self._made: dict[type, tuple[Any, ...]] = {}

    def of(self, kind: type, make: Callable[[type, Document], Any]) -> tuple[Any, ...]:
        """The aggregates, in the order of their documents. Frozen, so nobody changes another's."""
        if kind not in self._made:
            self._made[kind] = tuple(make(kind, document) for document in self.documents)
        return self._made[kind]


NOTHING = Found(())


class Reads:
    """The shared reads of one batch."""

    def __init__(self, db: AsyncDatabase[Document]) -> None:
        self._db = db
        self._by_id: dict[str, Collector[str, Document]] = {}
        self._by_field: dict[tuple[str, str, int], Collector[tuple[str, str], Found]] = {}

    async def by_id(self, collection: str, id: str) -> Document | None:
        """One document by `_id`, which names the property."""
        if collection not in self._by_id:
            self._by_id[collection] = Collector(lambda ids, c=collection: self._find_ids(c, ids))  # type: ignore[misc]
        return await self._by_id[collection].get(id)

    async def by_field(self, collection: str, property_id: str, field: str, value: str, limit: int) -> Found:
        """Documents of a property whose indexed field has the value, at most `limit`."""
        key = (collection, field, limit)
        if key not in self._by_field:
            self._by_field[key] = Collector(lambda pairs, k=key: self._find_field(k, pairs))  # type: ignore[misc]
        return await self._by_field[key].get((property_id, value)) or NOTHING

    async def _find_ids(self, collection: str, ids: Sequence[str]) -> dict[str, Document]:
        cursor = self._db[collection].find({"_id": {"$in": list(ids)}})
        return {document["_id"]: document for document in await cursor.to_list(len(ids))}

    async def _find_field(
        self, key: tuple[str, str, int], pairs: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], Found]:
        """One query, and a limit for each value: what has many documents takes no place from the others."""
        collection, field, limit = key
        found: dict[tuple[str, str], list[Document]] = defaultdict(list)
        for start in range(0, len(pairs), UNITED_MAX):
            part = pairs[start : start + UNITED_MAX]
            first, *rest = (_branch(field, pair, limit, place) for place, pair in enumerate(part))
            united = [{"$unionWith": {"coll": collection, "pipeline": branch}} for branch in rest]
            async for document in await self._db[collection].aggregate([*first, *united]):
                found[part[document.pop(PLACE)]].append(document)
        return {pair: Found(documents) for pair, documents in found.items()}


def _branch(field: str, pair: tuple[str, str], limit: int, place: int) -> list[Document]:
    property_id, value = pair
    return [
        {"$match": {"property_id": property_id, field: value}},
        {"$limit": limit},
        {"$addFields": {PLACE: {"$literal": place}}},
    ]
