"""What the reports read: bounded rows of slips and callbacks, along the indexes of their times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.dispatch.domain.reports.rows import CallbackRow, SlipRow
from services.dispatch.repository.names import CALLBACKS, WEEK_REPORTS, WORK_ORDERS, Database
from shared.errors import TooLarge
from shared.kernel.kinds import document_id
from shared.texts.say import say

ROWS_MAX = 50_000
QUERY_MS_MAX = 20_000
_WORDS = ("rework_of", "unit_id", "place", "assignee_id", "category", "method", "opinion", "result")
_EMPTY = dict.fromkeys((*_WORDS, "first_contact_id"), "")
_SLIP = tuple(SlipRow.__dataclass_fields__)
_CALLBACK = tuple(name for name in CallbackRow.__dataclass_fields__ if name != "proven")


async def slip_rows(db: Database, property_id: str, since: datetime, until: datetime) -> list[SlipRow]:
    """The slips of what was reported in that time. Raises TooLarge over `ROWS_MAX`."""
    query = {"property_id": property_id, "reported_at": {"$gte": since, "$lt": until}}
    shown = {"_id": 0, **dict.fromkeys(_SLIP, 1)}
    rows = await _bounded(db, WORK_ORDERS, query, shown, "reported_at")
    return [SlipRow(**_values(row, _SLIP)) for row in rows]


async def callback_rows(
    db: Database, property_id: str, since: datetime, until: datetime
) -> list[CallbackRow]:
    """The callbacks of what was repaired in that time. Raises TooLarge over `ROWS_MAX`."""
    query = {"property_id": property_id, "repaired_at": {"$gte": since, "$lt": until}}
    shown = {"_id": 0, **dict.fromkeys(_CALLBACK, 1)}
    rows = await _bounded(db, CALLBACKS, query, shown, "repaired_at")
    return [CallbackRow(**_values(row, _CALLBACK), proven=_proven(row)) for row in rows]


async def week_reported(db: Database, property_id: str, week: str) -> bool:
    """Whether that week's reports were made."""
    found = await db[WEEK_REPORTS].find_one({"_id": document_id(property_id, week)}, {"_id": 1})
    return found is not None


async def worked_before(db: Database, property_id: str, until: datetime) -> bool:
    """Whether anything was reported in the property before that moment."""
    query = {"property_id": property_id, "reported_at": {"$lt": until}}
    return await db[WORK_ORDERS].find_one(query, {"_id": 1}, sort=[("reported_at", -1)]) is not None


def _values(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The values of those fields; documents of an earlier release may lack some."""
    return {name: row.get(name) or _EMPTY.get(name) for name in names}


def _proven(row: Mapping[str, Any]) -> bool:
    return row["status"] == "CLOSED" and row["result"] in ("satisfied", "problem")


async def _bounded(
    db: Database, collection: str, query: dict[str, Any], shown: dict[str, Any], time: str
) -> list[dict[str, Any]]:
    cursor = db[collection].find(query, shown, max_time_ms=QUERY_MS_MAX).sort([(time, -1)])
    rows = await cursor.limit(ROWS_MAX + 1).to_list(ROWS_MAX + 1)
    if len(rows) > ROWS_MAX:
        raise TooLarge(
            "report-too-large",
            say("More than {most} entries fall into this time.", most=ROWS_MAX),
            field="since",
            accepted="a shorter time",
        )
    return rows
