"""The collections of intake, their indexes and their queries; the only place that knows them.

Every query names the property and is served by one of `INDEXES`; lists are bounded and go on at a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pymongo import ReturnDocument

from services.intake.domain.contact import Contact
from services.intake.domain.directory import Person, PhoneEntry, Unit
from services.intake.domain.reference import SERIAL_MIN
from services.intake.domain.request import Request
from services.intake.domain.timeline import Entry
from services.intake.repository.names import (
    FILTERS,
    QUERY_MS_MAX,
    REFERENCES,
    REQUESTS,
    A,
    Query,
)
from services.intake.repository.names import INDEXES as INDEXES
from services.intake.repository.names import KINDS as KINDS
from services.intake.repository.names import Database as Database
from services.intake.repository.names import Place as Place
from shared.kernel.kinds import Kinds, document_id

_KINDS = Kinds(KINDS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of requests is narrowed to; empty means: any.

    `since` and `until` bound the time of the report.
    """

    values: Mapping[str, str]
    since: datetime | None = None
    until: datetime | None = None


async def one(db: Database, kind: type[A], property_id: str, id: str) -> A | None:
    """One thing of the property by its id."""
    document = await db[KINDS[kind]].find_one({"_id": document_id(property_id, id)})
    return None if document is None else _aggregate(kind, document)


async def several(db: Database, kind: type[A], property_id: str, ids: tuple[str, ...]) -> list[A]:
    """Those of the things that are there, in the order asked."""
    if not ids:
        return []
    wanted = [document_id(property_id, one) for one in ids]
    rows = await db[KINDS[kind]].find({"_id": {"$in": wanted}}).to_list(len(wanted))
    found = {row["_id"]: _aggregate(kind, row) for row in rows}
    return [found[key] for key in wanted if key in found]


async def lane_of(db: Database, property_id: str, request_id: str) -> str | None:
    """The lane a request was accepted in; None if there is no such request."""
    row = await db[REQUESTS].find_one({"_id": document_id(property_id, request_id)}, {"lane": 1})
    return None if row is None else str(row["lane"])


async def requests(
    db: Database, property_id: str, wanted: Wanted, after: Place | None, limit: int
) -> list[Request]:
    """Requests, newest first.

    A stage is looked for within its status, so that the index of that serves it.
    """
    query: Query = {"property_id": property_id}
    narrowed = (*FILTERS, "department", "stage")
    query |= {name: wanted.values[name] for name in narrowed if wanted.values.get(name)}
    if wanted.values.get("stage") not in ("", None, "CLOSED"):
        query.setdefault("status", "OPEN")
    bounds: Query = {}
    if wanted.since is not None:
        bounds["$gte"] = wanted.since
    if wanted.until is not None:
        bounds["$lt"] = wanted.until
    if bounds:
        query["reported_at"] = bounds
    return await _page(db, Request, query, "reported_at", after, limit)


async def same(db: Database, property_id: str, same_as: str, limit: int = 20) -> list[Request]:
    """Open requests about the same thing."""
    if not same_as:
        return []
    return await _all(db, Request, {"property_id": property_id, "same_as": same_as}, limit)


async def opened_by(db: Database, property_id: str, contact_id: str, limit: int = 50) -> list[str]:
    """The ids of the requests a contact opened."""
    query = {"property_id": property_id, "contact_id": contact_id}
    rows = await db[REQUESTS].find(query, {"id": 1}, max_time_ms=QUERY_MS_MAX).limit(limit).to_list(limit)
    return [row["id"] for row in rows]


async def contacts(
    db: Database, property_id: str, values: Mapping[str, str], after: Place | None, limit: int
) -> list[Contact]:
    """Contacts, latest first; `values` by channel, caller_phone or about_request_id."""
    query: Query = {"property_id": property_id} | {name: value for name, value in values.items() if value}
    return await _page(db, Contact, query, "started_at", after, limit)


async def units(db: Database, property_id: str, building: str, after: str, limit: int) -> list[Unit]:
    """Units in the order of their labels, after a label."""
    query: Query = {"property_id": property_id}
    if building:
        query["building"] = building
    if after:
        query["label"] = {"$gt": after}
    return await _all(db, Unit, query, limit, sort=[("label", 1)])


async def people(db: Database, property_id: str, unit_id: str, after: str, limit: int) -> list[Person]:
    """People in the order of their ids, after an id."""
    query: Query = {"property_id": property_id}
    if unit_id:
        query["units.unit_id"] = unit_id
    if after:
        query["id"] = {"$gt": after}
    return await _all(db, Person, query, limit, sort=[("id", 1)])


async def people_by_phone(db: Database, property_id: str, phone: str) -> list[Person]:
    """Everybody who has the number: two possible people are both shown (ruling J22)."""
    entry = await one(db, PhoneEntry, property_id, phone)
    return [] if entry is None else await several(db, Person, property_id, entry.person_ids)


async def people_by_tail(db: Database, property_id: str, tail: str, limit: int) -> list[Person]:
    """Everybody of a building whose number ends in these four digits."""
    return await _all(db, Person, {"property_id": property_id, "tails": tail}, limit)


async def timeline(
    db: Database, property_id: str, request_id: str, after: Place | None, limit: int
) -> list[Entry]:
    """The stored lines of a request's timeline, oldest first."""
    query: Query = {"property_id": property_id, "request_id": request_id}
    if after is not None:
        at, last = after
        query["$or"] = [{"at": {"$gt": at}}, {"at": at, "id": {"$gt": last}}]
        query["at"] = {"$gte": at}
    return await _all(db, Entry, query, limit, sort=[("at", 1), ("id", 1)])


async def take_serials(db: Database, property_id: str, count: int) -> int:
    """The first of so many serial numbers for references. Unused ones are lost, which references may be."""
    row: dict[str, Any] | None = await db[REFERENCES].find_one_and_update(
        {"_id": property_id}, {"$inc": {"taken": count}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert row is not None
    return SERIAL_MIN + int(row["taken"]) - count


async def _page(
    db: Database, kind: type[A], query: Query, time: str, after: Place | None, limit: int
) -> list[A]:
    if after is not None:
        at, last = after
        bounds = query.get(time, {})
        upper = min(bounds.get("$lt", at), at)
        query[time] = {**{k: v for k, v in bounds.items() if k == "$gte"}, "$lte": upper}
        query["$or"] = [{time: {"$lt": at}}, {time: at, "id": {"$lt": last}}]
    return await _all(db, kind, query, limit, sort=[(time, -1), ("id", -1)])


async def _all(
    db: Database, kind: type[A], query: Query, limit: int, sort: list[tuple[str, int]] | None = None
) -> list[A]:
    cursor = db[KINDS[kind]].find(query, max_time_ms=QUERY_MS_MAX)
    if sort:
        cursor = cursor.sort(sort)
    return [_aggregate(kind, row) for row in await cursor.limit(limit).to_list(limit)]


def _aggregate(kind: type[A], document: dict[str, Any]) -> A:
    return cast("A", _KINDS.aggregate(kind, document))
