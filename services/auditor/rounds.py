"""One look of the auditor at the data of one service, and what it remembers of its alarms there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

from pymongo import UpdateOne

from services.billing.audit import AUDIT as BILLING
from services.dispatch.audit import AUDIT as DISPATCH
from services.intake.audit import AUDIT as INTAKE
from services.notify.audit import AUDIT as NOTIFY
from shared.audit import Audit, Finding, Look
from shared.kernel.stores import AUDITOR
from shared.mongo.client import Database

AUDITS: tuple[Audit, ...] = (INTAKE, DISPATCH, BILLING, NOTIFY)
FINDINGS_MAX = 1_000


async def look(audit: Audit, at: Look, found: list[Finding]) -> None:
    """Add what is overdue in one service, at most `FINDINGS_MAX`; raises what the store raises."""
    async with aclosing(audit.look(at)) as findings:
        async for finding in findings:
            found.append(finding)
            if len(found) >= FINDINGS_MAX:
                break


async def fresh(db: Database, found: Sequence[Finding], now: datetime, repeat: timedelta) -> list[Finding]:
    """Those whose alarm was not raised lately."""
    query = {"_id": {"$in": [f.key for f in found]}, "at": {"$gt": now - repeat}}
    recent = {row["_id"] async for row in db[AUDITOR].find(query, {"_id": 1})}
    return [f for f in found if f.key not in recent]


async def note_raised(db: Database, found: Sequence[Finding], now: datetime) -> None:
    """Remember these alarms; the rows go away by themselves."""
    seen = {"$set": {"at": now}, "$inc": {"times": 1}}
    change = [UpdateOne({"_id": f.key}, seen, upsert=True) for f in found]
    if change:
        await db[AUDITOR].bulk_write(change, ordered=False)


async def beat(db: Database, name: str, at: datetime, found: int) -> None:
    """The auditor's own heartbeat, in the database it has looked at."""
    change = {"$set": {"beat_at": at, "found": found}, "$inc": {"rounds": 1}}
    await db[AUDITOR].update_one({"_id": f"heartbeat:{name}"}, change, upsert=True)
