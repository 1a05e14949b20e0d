"""One look of the deadline auditor at a database, at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.auditor.rounds import look
from shared.audit import Audit, Finding, Look
from shared.catalogue.load import Catalogue
from shared.mongo.client import Database

GRACE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


async def found(audit: Audit, db: Database, now: datetime) -> list[Finding]:
    """All that the auditor finds."""
    findings: list[Finding] = []
    await look(audit, Look(db, now, GRACE, 1_000, Catalogue.shipped()), findings)
    return findings


async def overdue(audit: Audit, db: Database, now: datetime, property_id: str) -> set[tuple[str, str]]:
    """Kind and subject of what it finds in one property."""
    return {(f.kind, f.subject) for f in await found(audit, db, now) if f.property_id == property_id}
