"""Complaints, answers, messages and signed days: the part of the repository that reads what the desk does
itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from services.intake.domain.answer_book import AnswerVersion, StandardAnswer
from services.intake.domain.complaint import Complaint
from services.intake.domain.day import DayCheck, DaySheet, WeekTold
from services.intake.domain.difficulty import Difficulty
from services.intake.domain.guide import Guide
from services.intake.domain.guide_edition import Edition
from services.intake.domain.inquiry import Inquiry
from services.intake.domain.relay import Relay
from shared.kernel.kinds import Kinds
from shared.kernel.unit import Aggregate, Index
from shared.mongo.client import Database

COMPLAINTS, DIFFICULTIES, INQUIRIES, RELAYS = "complaints", "difficulties", "inquiries", "relays"
ANSWERS, ANSWER_VERSIONS, DAYS = "answers", "answer_versions", "days"
DAY_CHECKS, WEEKS_TOLD = "day_checks", "weeks_told"
GUIDES, EDITIONS = "guides", "guide_editions"
KINDS: Mapping[type, str] = {
    Complaint: COMPLAINTS,
    Difficulty: DIFFICULTIES,
    Inquiry: INQUIRIES,
    Relay: RELAYS,
    StandardAnswer: ANSWERS,
    AnswerVersion: ANSWER_VERSIONS,
    DaySheet: DAYS,
    DayCheck: DAY_CHECKS,
    WeekTold: WEEKS_TOLD,
    Guide: GUIDES,
    Edition: EDITIONS,
}
INDEXES = (
    Index(COMPLAINTS, (("property_id", 1), ("received_at", 1)), serves="complaints received in a week"),
    Index(
        COMPLAINTS,
        (("property_id", 1), ("closed_at", 1)),
        serves="complaints closed in a week",
        partial={"closed_at": {"$type": "date"}},
    ),
    Index(
        COMPLAINTS,
        (("property_id", 1), ("validity", 1), ("received_at", 1)),
        serves="how many were valid since the year began",
    ),
    Index(
        COMPLAINTS,
        (("property_id", 1), ("state", 1), ("received_at", 1)),
        serves="complaints that have not ended; the auditor's reading",
    ),
    Index(
        INQUIRIES,
        (("property_id", 1), ("due_at", 1)),
        serves="inquiries to be answered; the auditor's reading",
        partial={"state": "DEFERRED", "late_told": False},
    ),
    Index(
        RELAYS,
        (("property_id", 1), ("state", 1), ("due_at", 1)),
        serves="messages that wait; the auditor's reading",
        partial={"state": "TAKEN"},
    ),
    Index(ANSWERS, (("property_id", 1), ("tokens", 1), ("id", 1)), serves="approved answers by their words"),
    Index(ANSWERS, (("property_id", 1), ("id", 1)), serves="all answers"),
    Index(
        GUIDES,
        (("telling", 1), ("property_id", 1)),
        serves="guides whose newest edition is being told to the households",
        partial={"telling": {"$gt": 0}},
    ),
    Index(EDITIONS, (("property_id", 1), ("number", -1)), serves="the editions of a guide, newest first"),
    Index(
        RELAYS, (("property_id", 1), ("to_id", 1), ("state", 1), ("id", 1)), serves="messages for somebody"
    ),
)
WEEK_MAX = 20_000  # complaints of one week in a report
QUERY_MS_MAX = 5_000
A = TypeVar("A", bound=Aggregate)
_KINDS = Kinds(KINDS)


async def received_between(
    db: Database, property_id: str, since: datetime, until: datetime
) -> list[Complaint]:
    """Complaints received in that time."""
    return await _all(db, Complaint, _between(property_id, "received_at", since, until), WEEK_MAX)


async def closed_between(db: Database, property_id: str, since: datetime, until: datetime) -> list[Complaint]:
    """Complaints that ended in that time."""
    return await _all(db, Complaint, _between(property_id, "closed_at", since, until), WEEK_MAX)


async def valid_between(db: Database, property_id: str, since: datetime, until: datetime) -> int:
    """How many complaints received in that time were found valid."""
    query = _between(property_id, "received_at", since, until) | {"validity": "VALID"}
    return await db[COMPLAINTS].count_documents(query, maxTimeMS=QUERY_MS_MAX)


async def answers(
    db: Database, property_id: str, tokens: Sequence[str], after: str, limit: int
) -> list[StandardAnswer]:
    """Answers in the order of their ids; with `tokens`, the approved ones that have them all."""
    query: dict[str, Any] = {"property_id": property_id}
    if tokens:
        query["tokens"] = {"$all": list(tokens)}
    if after:
        query["id"] = {"$gt": after}
    return await _all(db, StandardAnswer, query, limit, sort="id")


async def messages_for(db: Database, property_id: str, staff_id: str, after: str, limit: int) -> list[Relay]:
    """Messages that wait for somebody, oldest first."""
    query: dict[str, Any] = {"property_id": property_id, "to_id": staff_id, "state": "TAKEN"}
    if after:
        query["id"] = {"$gt": after}
    return await _all(db, Relay, query, limit, sort="id")


def _between(property_id: str, field: str, since: datetime, until: datetime) -> dict[str, Any]:
    return {"property_id": property_id, field: {"$gte": since, "$lt": until}}


async def _all(db: Database, kind: type[A], query: dict[str, Any], limit: int, sort: str = "") -> list[A]:
    cursor = db[KINDS[kind]].find(query, max_time_ms=QUERY_MS_MAX)
    if sort:
        cursor = cursor.sort(sort, 1)
    return [cast("A", _KINDS.aggregate(kind, row)) for row in await cursor.limit(limit).to_list(limit)]
