"""What the auditor reads of dispatch's data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.dispatch.domain.audit import Expected, Watched
from services.dispatch.domain.model import DONE, EscalationPoint, WorkOrder
from services.dispatch.domain.relay import RelayCopy
from services.dispatch.repository.names import CODEC, PARKED, RELAY_COPIES, WAITING, WORK_ORDERS, Database
from shared.audit import in_batches
from shared.events.envelope import LANES
from shared.kernel.kinds import document_id

_WATCHED = (
    "property_id",
    "id",
    "slip",
    "status",
    "urgency",
    "assignee_id",
    "issued_at",
    "asked_at",
    "slip_due_at",
    "clock_from",
    "due_at",
    "escalated_percent",
    "escalations",
    "slip_late_raised",
)
_BESIDES = ("material", "outside", "site")
IS_DATE = {"$type": "date"}  # as the index says; without it the planner does not take it
ABSENT: dict[str, Any] = dict.fromkeys(_WATCHED)  # documents of an earlier release lack later fields


async def messages_kept(db: Database, before: datetime, limit: int) -> list[RelayCopy]:
    """Messages that should have been looked at when a shift ended, of all properties."""
    query = {"open": True, "look_at": {"$lt": before}}
    rows = await db[RELAY_COPIES].find(query).sort("look_at", 1).limit(limit).to_list(limit)
    return [cast("RelayCopy", CODEC.aggregate(RelayCopy, row)) for row in rows]


async def watched(db: Database, properties: Sequence[str], limit: int) -> AsyncIterator[Watched]:
    """What the auditor compares.

    Open orders whose deadline is not kept; of each property the most pressing first, at most `limit` in all.
    """
    query = {"property_id": {"$in": list(properties)}, "open": True, "status": {"$nin": sorted(DONE)}}
    shown = {"_id": 0, "terms": 1, **dict.fromkeys(_WATCHED, 1), **dict.fromkeys(_BESIDES, 1)}
    cursor = db[WORK_ORDERS].find(query, shown, batch_size=1_000)
    async for row in cursor.sort([("property_id", 1), ("due_at", 1), ("id", 1)]).limit(limit):
        terms = row.pop("terms")
        besides = {name: row.pop(name, None) for name in _BESIDES}
        yield Watched(
            **{**ABSENT, **row},
            mode=terms["mode"],
            slip_within_minutes=terms["slip_within_minutes"],
            collect_within_minutes=terms["collect_within_minutes"],
            escalation=tuple(EscalationPoint(p["at_percent"], p["to_role"]) for p in terms["escalation"]),
            place=(besides["site"] or {}).get("place", ""),
            untold=tuple(_untold(besides)),
        )


def _untold(row: Mapping[str, Any]) -> Iterator[Expected]:
    """Material to be reported, a party to answer: what was not told to be late."""
    material, outside = row["material"], row["outside"]
    if material is not None and material["state"] == "MISSING" and not material.get("late_told"):
        yield "material_report_late", material["report_due_at"]
    if outside is None or outside["answer_due_at"] is None:
        return
    if not (outside["answered_at"] or outside.get("late_told")):
        yield "party_silent", outside["answer_due_at"]


async def beside_the_deadline(
    db: Database, properties: Sequence[str], before: datetime, limit: int
) -> AsyncIterator[WorkOrder]:
    """Orders that nobody has, emergencies without their papers, cancellations that wait, slips that are out,
    files that are not there.

    Each along an index of its own that holds little else.
    """
    for query in (
        {"open": True, "assignee_id": "", "looked_at": {"$lt": before}},
        {"status": "REPAIRED", "urgency": "emergency", "done_at": {"$lt": before}},
        {
            "open": True,
            "cancel_notice.told_at": None,
            "cancel_notice.received_at": {**IS_DATE, "$lt": before},
        },
        {
            "open": True,
            "return_late_told": False,
            "return_due_at": {"$lt": before},
            "status": {"$nin": ["SIGNED", "USED"]},
        },
        {"files_due_at": {**IS_DATE, "$lt": before}},
    ):
        cursor = db[WORK_ORDERS].find({"property_id": {"$in": list(properties)}, **query}).limit(limit)
        async for row in cursor:
            yield cast("WorkOrder", CODEC.aggregate(WorkOrder, row))


async def recorded(db: Database, collection: str, ids: Mapping[str, str]) -> set[str]:
    """Those of the properties whose record of that id is there: a night's check, a week's report."""
    wanted = {document_id(property_id, id): property_id for property_id, id in ids.items()}
    there: set[str] = set()
    for some in in_batches(list(wanted)):
        query = {"_id": {"$in": some}, "property_id": {"$in": [wanted[one] for one in some]}}
        there |= {wanted[row["_id"]] async for row in db[collection].find(query, {"_id": 1})}
    return there


async def first_issued_at(db: Database, property_id: str) -> datetime | None:
    """When the first slip of a property was written, by the time of its report."""
    query = {"property_id": property_id}
    row = await db[WORK_ORDERS].find_one(query, {"issued_at": 1}, sort=[("reported_at", 1), ("id", 1)])
    return None if row is None else row["issued_at"]


@dataclass(frozen=True, slots=True)
class Held:
    """An event of a stream that dispatch has received and not applied."""

    property_id: str
    stream: str
    since: datetime
    parked: bool


async def held_reports(db: Database, types: Sequence[str], before: datetime, limit: int) -> list[Held]:
    """Reports that are parked, and streams on which something of intake waits, since before a moment.

    All properties.
    """
    parked = {"state": "parked", "parked_at": {"$lt": before}, "type": {"$in": list(types)}}
    rows = await db[PARKED].find(parked).sort("parked_at", 1).limit(limit).to_list(limit)
    held = [Held(r["property_id"], r["stream"], r["parked_at"], True) for r in rows]
    waiting = {"lane": {"$in": list(LANES)}, "since": {"$lt": before}, "source": "intake"}
    rows = await db[WAITING].find(waiting).sort("since", 1).limit(limit).to_list(limit)
    return held + [Held(r["property_id"], r["stream"], r["since"], False) for r in rows]


async def have_slips(db: Database, ids: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these work orders (property and id) exist."""
    wanted = {document_id(*pair): pair for pair in ids}
    rows = await db[WORK_ORDERS].find({"_id": {"$in": list(wanted)}}, {"_id": 1}).to_list(len(wanted) or 1)
    return {wanted[row["_id"]] for row in rows}
