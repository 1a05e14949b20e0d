"""The book of slips: a month by category, in the order of numbers, and what is not handed in (P029)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from services.dispatch.domain.model import ENDED, WorkOrder
from services.dispatch.domain.paper import PaperBlock
from services.dispatch.repository.names import (
    CODEC,
    NUMBERS,
    PAPER_BLOCKS,
    SLIP_CHECKS,
    WORK_ORDERS,
    Database,
)
from shared.kernel.kinds import document_id

HANDLED = sorted(ENDED | {"SIGNED", "USED"})
QUERY_MS_MAX = 10_000
MONTHS_BACK = timedelta(days=93)
BLOCKS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class MonthLine:
    """The slips of a month in one category: all, those handled, and those at the office."""

    category: str
    slips: int
    handled: int
    handed_in: int
    undone: int
    withdrawn: int


def _month(property_id: str, period: str) -> dict[str, Any]:
    """A month's slips along the index of the time of report; the margin holds every cut of a month."""
    year, month = int(period[:4]), int(period[5:])
    start = datetime.fromisoformat(f"{year:04d}-{month:02d}-01T00:00:00+00:00")
    reported = {"$gte": start - timedelta(days=31), "$lt": start + timedelta(days=32)}
    return {"property_id": property_id, "reported_at": reported, "period": period}


async def month_lines(db: Database, property_id: str, period: str) -> list[MonthLine]:
    """The month by category."""

    def count(condition: Any) -> dict[str, Any]:
        return {"$sum": {"$cond": [condition, 1, 0]}}

    pipeline: list[dict[str, Any]] = [
        {"$match": _month(property_id, period)},
        {
            "$group": {
                "_id": "$category",
                "slips": {"$sum": 1},
                "handled": count({"$in": ["$status", HANDLED]}),
                "handed_in": count({"$gt": ["$handed_in_at", None]}),
                "undone": count({"$eq": ["$status", "NOT_DONE"]}),
                "withdrawn": count({"$eq": ["$status", "WITHDRAWN"]}),
            }
        },
        {"$sort": {"_id": 1}},
    ]
    cursor = await db[WORK_ORDERS].aggregate(pipeline, maxTimeMS=QUERY_MS_MAX)
    return [MonthLine(category=row.pop("_id"), **row) async for row in cursor]


async def to_hand_in(
    db: Database, property_id: str, department: str, period: str, limit: int
) -> list[WorkOrder]:
    """Handled slips of a department and month that are not at the office yet, in their order."""
    query = _month(property_id, period) | {
        "department": department,
        "status": {"$in": HANDLED},
        "handed_in_at": None,
    }
    rows = await db[WORK_ORDERS].find(query).sort("reported_at", 1).limit(limit).to_list(limit)
    return [cast("WorkOrder", CODEC.aggregate(WorkOrder, row)) for row in rows]


async def not_handed_in(db: Database, property_id: str, this_period: str, now: datetime) -> dict[str, int]:
    """Handled slips of the last three months that are over, not at the office yet, by department."""
    pipeline: list[dict[str, Any]] = [
        {
            "$match": {
                "property_id": property_id,
                "reported_at": {"$gte": now - MONTHS_BACK},
                "period": {"$lt": this_period},
                "status": {"$in": HANDLED},
                "handed_in_at": None,
            }
        },
        {"$group": {"_id": "$department", "slips": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    cursor = await db[WORK_ORDERS].aggregate(pipeline, maxTimeMS=QUERY_MS_MAX)
    return {row["_id"]: row["slips"] async for row in cursor}


async def book(
    db: Database, property_id: str, period: str, after: tuple[int, int], limit: int
) -> list[WorkOrder]:
    """A page of a month's slips in strict order of their numbers, as they are bound (P033)."""
    year, number = after
    first = int(period[:4])
    beyond = [
        {"slip_year": year, "slip_number": {"$gt": number}},
        {"slip_year": {"$gt": year}},
    ]
    query = {
        "property_id": property_id,
        "slip_year": {"$in": [first - 1, first]},
        "period": period,
        "$or": beyond,
    }
    cursor = db[WORK_ORDERS].find(query).sort([("slip_year", 1), ("slip_number", 1)]).limit(limit)
    return [cast("WorkOrder", CODEC.aggregate(WorkOrder, row)) for row in await cursor.to_list(limit)]


async def altered(db: Database, property_id: str, series: str, year: int, limit: int) -> list[int]:
    """Numbers whose slip says something else than the number that was taken for it (P033)."""
    bound: dict[int, str] = {}
    taken = {"property_id": property_id, "series": series, "year": year}
    async for row in db[NUMBERS].find(taken, {"_id": 0, "number": 1, "of": 1}).sort("number", 1):
        bound[row["number"]] = row["of"]
    found: list[int] = []
    shown = {"_id": 0, "id": 1, "slip": 1, "slip_number": 1}
    written = db[WORK_ORDERS].find({"property_id": property_id, "slip_year": year}, shown)
    async for row in written.sort("slip_number", 1):
        if len(found) < limit and _disagrees(row, year, bound):
            found.append(row["slip_number"])
    return found


def _disagrees(row: Mapping[str, Any], year: int, bound: Mapping[int, str]) -> bool:
    of = bound.get(row["slip_number"])
    printed = f"{year:04d}-{row['slip_number']:06d}"
    return row["slip"] != printed or (of is not None and of != row["id"] and not of.startswith("paper:"))


async def paper_blocks(db: Database, property_id: str, year: int) -> AsyncIterator[PaperBlock]:
    """The blocks of a year, newest first, at most `BLOCKS_MAX`."""
    query = {"property_id": property_id, "year": year}
    async for row in db[PAPER_BLOCKS].find(query).sort("issued_at", -1).limit(BLOCKS_MAX):
        yield cast("PaperBlock", CODEC.aggregate(PaperBlock, row))


async def checked(db: Database, property_id: str, date: str) -> bool:
    """Whether the check of that night was made."""
    return await db[SLIP_CHECKS].find_one({"_id": document_id(property_id, date)}, {"_id": 1}) is not None
