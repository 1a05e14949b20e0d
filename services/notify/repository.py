"""The collections of notify, their indexes and their queries; the only place that knows them.

Every query names the properties it reads. Those of the senders run over all properties this service knows; so
messages of a property wait until it is known whether it is a training property.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from services.notify.domain.copies import PropertyCopy, RequestCopy
from services.notify.domain.message import CHANNELS, STATES, ChannelName, Message, Queue
from services.notify.domain.staff import StaffCopy
from shared.kernel.kinds import Kinds
from shared.kernel.unit import Index

MESSAGES = "messages"
REQUESTS = "requests"
PROPERTIES = "properties"
STAFF = "staff"
KINDS: Mapping[type, str] = {
    Message: MESSAGES,
    RequestCopy: REQUESTS,
    PropertyCopy: PROPERTIES,
    StaffCopy: STAFF,
}
PROPERTIES_MAX = 10_000
QUERY_MS_MAX = 5_000

IS_DATE = {"$type": "date"}
DUE_KEYS = (("queue", 1), ("channel", 1), ("next_attempt_at", 1), ("property_id", 1))
OF_REQUEST_KEYS = (("property_id", 1), ("request_id", 1), ("created_at", -1), ("id", -1))
BY_STATE_KEYS = (("property_id", 1), ("state", 1), ("created_at", -1), ("id", -1))
INDEXES = (
    Index(STAFF, (("property_id", 1), ("role", 1)), serves="who holds a role"),
    Index(
        MESSAGES,
        DUE_KEYS,
        serves="what a sender has to do now",
        partial={"next_attempt_at": IS_DATE},
    ),
    Index(
        MESSAGES,
        OF_REQUEST_KEYS,
        serves="the messages of a request, newest first",
    ),
    Index(
        MESSAGES,
        BY_STATE_KEYS,
        serves="the messages of a property, all or in one state, newest first",
    ),
    Index(
        MESSAGES,
        (("property_id", 1), ("wipe_at", 1)),
        serves="addresses and texts whose retention has ended",
        partial={"wipe_at": IS_DATE},
    ),
    Index(
        REQUESTS,
        (("property_id", 1), ("wipe_at", 1)),
        serves="requesters whose retention has ended",
        partial={"wipe_at": IS_DATE},
    ),
)

_KINDS = Kinds(KINDS)
Database = AsyncDatabase[dict[str, Any]]


async def properties(db: Database) -> dict[str, PropertyCopy]:
    """All properties this service knows, by id: what every other query is limited to."""
    rows = await db[PROPERTIES].find().limit(PROPERTIES_MAX).to_list(PROPERTIES_MAX)
    copies = [_KINDS.aggregate(PropertyCopy, row) for row in rows]
    return {copy.property_id: copy for copy in copies}


# --- what senders need ------------------------------------------------------------------------------------


async def due(
    db: Database,
    property_ids: Sequence[str],
    queue: Queue,
    channels: Sequence[ChannelName],
    now: datetime,
    limit: int,
) -> list[Message]:
    """Messages that may be sent now, or whose sender has fallen silent; longest due first."""
    query = {
        "queue": queue,
        "channel": {"$in": list(channels)},
        "next_attempt_at": {"$lte": now, **IS_DATE},
        "property_id": {"$in": list(property_ids)},
    }
    found = db[MESSAGES].find(query).sort("next_attempt_at", 1).hint(list(DUE_KEYS)).limit(limit)
    rows = await found.to_list(limit)
    return [_KINDS.aggregate(Message, row) for row in rows]


async def left_lying(db: Database, queue: Queue, before: datetime, limit: int) -> list[Message]:
    """Messages of all properties that were due before a moment and were not taken. Only for the auditor."""
    query = {
        "queue": queue,
        "channel": {"$in": list(CHANNELS)},
        "next_attempt_at": {"$lt": before, **IS_DATE},
    }
    found = db[MESSAGES].find(query).sort("next_attempt_at", 1).limit(limit)
    return [_KINDS.aggregate(Message, row) for row in await found.to_list(limit)]


async def claim(
    db: Database,
    wanted: Sequence[Message],
    claim_id: str,
    now: datetime,
    until: datetime,
    *,
    repeated: bool = False,
) -> list[Message]:
    """Mark them `sending` with the next attempt number, in one write, before any channel is called.

    Returns them as they are stored now, without those that somebody else took first.
    """
    if not wanted:
        return []
    change: dict[str, Any] = {
        "state": "sending",
        "claim": claim_id,
        "claimed_at": now,
        "next_attempt_at": until,
        "channel_since": {"$ifNull": ["$channel_since", now]},
        "attempt": {"$add": ["$attempt", 1]},
        "repeats": {"$add": ["$repeats", int(repeated)]},
        "version": {"$add": ["$version", 1]},
    }
    outcome = await db[MESSAGES].update_many(_unchanged(wanted, now), [{"$set": change}])
    taken = {_id(m) for m in wanted}
    if outcome.modified_count != len(wanted):
        mine = {**_named(wanted), "claim": claim_id}
        taken = {row["_id"] async for row in db[MESSAGES].find(mine, {"_id": 1}).limit(len(wanted))}
    return [
        replace(
            m,
            state="sending",
            claim=claim_id,
            claimed_at=now,
            next_attempt_at=until,
            channel_since=m.channel_since or now,
            attempt=m.attempt + 1,
            repeats=m.repeats + repeated,
            version=m.version + 1,
        )
        for m in wanted
        if _id(m) in taken
    ]


async def hold(db: Database, wanted: Sequence[Message], now: datetime) -> None:
    """Store that these wait for the end of the quiet hours, unless somebody took them first."""
    for until in {m.next_attempt_at for m in wanted}:
        group = [m for m in wanted if m.next_attempt_at == until]
        change = {"$set": {"state": "held", "next_attempt_at": until}, "$inc": {"version": 1}}
        await db[MESSAGES].update_many(_unchanged(group, now), change)


def _unchanged(messages: Sequence[Message], now: datetime) -> dict[str, Any]:
    states = ["queued", "held", "sending"]
    return {**_named(messages), "state": {"$in": states}, "next_attempt_at": {"$lte": now}}


def _named(messages: Sequence[Message]) -> dict[str, Any]:
    return {
        "_id": {"$in": [_id(m) for m in messages]},
        "property_id": {"$in": sorted({m.property_id for m in messages})},
    }


def _id(message: Message) -> str:
    return f"{message.property_id}:{message.id}"


# --- what people read -------------------------------------------------------------------------------------


async def message(db: Database, property_id: str, message_id: str) -> Message | None:
    """One message."""
    row = await db[MESSAGES].find_one({"_id": f"{property_id}:{message_id}", "property_id": property_id})
    return None if row is None else _KINDS.aggregate(Message, row)


async def newest(
    db: Database,
    property_id: str,
    request_id: str,
    state: str,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[Message]:
    """Messages of a property, newest first, after the given place; of one request or state, if asked."""
    query: dict[str, Any] = {"property_id": property_id}
    if request_id:
        query["request_id"] = request_id
    if state or not request_id:
        query["state"] = state or {"$in": list(STATES)}
    if after is not None:
        at, message_id = after
        query["created_at"] = {"$lte": at}
        query["$or"] = [{"created_at": {"$lt": at}}, {"id": {"$lt": message_id}}]
    order = [("created_at", -1), ("id", -1)]
    keys = list(OF_REQUEST_KEYS if request_id else BY_STATE_KEYS)
    rows = await db[MESSAGES].find(query).sort(order).hint(keys).limit(limit).to_list(limit)
    return [_KINDS.aggregate(Message, row) for row in rows]


async def counts(db: Database, property_id: str, since: datetime) -> dict[str, int]:
    """How many messages of a property are in each state, of those made since a time."""
    query: dict[str, Any] = {"property_id": property_id, "created_at": {"$gte": since}}
    found: dict[str, int] = {}
    for state in STATES:
        rows = db[MESSAGES].count_documents({**query, "state": state}, maxTimeMS=QUERY_MS_MAX)
        found[state] = await rows
    return found


# --- retention --------------------------------------------------------------------------------------------


async def wipe(db: Database, property_id: str, now: datetime, limit: int) -> int:
    """Take the people out of what has been kept long enough; how many documents were changed."""
    changed = 0
    for kind in (Message, RequestCopy):
        collection = _KINDS.collection(kind)
        query = {"property_id": property_id, "wipe_at": {"$lte": now, **IS_DATE}}
        rows = await db[collection].find(query).limit(limit).to_list(limit)
        old = [_KINDS.aggregate(kind, row) for row in rows]
        writes = [
            ReplaceOne(
                {"_id": f"{property_id}:{o.id}", "version": o.version},
                _KINDS.document(replace(o.wiped(), version=o.version + 1)),
            )
            for o in old
        ]
        if writes:
            changed += (await db[collection].bulk_write(writes, ordered=False)).modified_count
    return changed
