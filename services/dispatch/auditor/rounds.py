"""One look of the auditor: everything that is overdue by more than the grace, in all properties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.dispatch import repository
from services.dispatch.domain.audit import Finding, callback_findings, findings
from services.dispatch.handlers.rules import due_week, order_id_of_stream
from shared.catalogue.load import Catalogue
from shared.catalogue.model import DispatchRules
from shared.events.intake import EmergencyRaised, RequestAccepted

FINDINGS_MAX = 1_000
HELD_MAX = 1_000
REPORTS = (RequestAccepted.TYPE, EmergencyRaised.TYPE)
SLIP_WITHIN = timedelta(minutes=DispatchRules.model_fields["slip_within_minutes"].default)


async def look(db: repository.Database, now: datetime, grace: timedelta, orders_max: int) -> list[Finding]:
    """What is overdue, at most `FINDINGS_MAX`; raises what the store raises."""
    found = await _without_slip(db, now, grace)
    for property_id in await repository.properties_with_work(db):
        async for order in repository.watched(db, property_id, orders_max):
            found += findings(order, now, grace)
            if len(found) >= FINDINGS_MAX:
                return found[:FINDINGS_MAX]
        async for callback in repository.overdue_callbacks(db, property_id, now - grace, FINDINGS_MAX):
            found += callback_findings(callback, now, grace)
        found += await _without_week(db, property_id, now, grace)
    return found[:FINDINGS_MAX]


async def _without_slip(db: repository.Database, now: datetime, grace: timedelta) -> list[Finding]:
    """Reports that dispatch has received, and that have no slip.

    Parked, or something of theirs waits for them.
    """
    held = await repository.held_reports(db, REPORTS, now - SLIP_WITHIN - grace, HELD_MAX)
    pairs = [(h.property_id, order_id_of_stream(h.property_id, h.stream), h) for h in held]
    expected = {(property_id, order_id): h for property_id, order_id, h in pairs if order_id}
    there = await repository.have_slips(db, list(expected))
    late = [(h, h.since + SLIP_WITHIN) for key, h in expected.items() if key not in there]
    return [
        Finding("report_without_slip", h.property_id, h.stream, "", due, int((now - due).total_seconds()))
        for h, due in late
    ]


async def _without_week(
    db: repository.Database, property_id: str, now: datetime, grace: timedelta
) -> list[Finding]:
    """The reports of a week that should have been made by now (P032)."""
    settings = await repository.settings_of(db, property_id)
    week = due_week(Catalogue.shipped(), settings, now)
    late = now - week.due_at
    if late <= grace or not await repository.worked_before(db, property_id, week.until):
        return []
    if await repository.week_reported(db, property_id, week.name):
        return []
    return [Finding("week_not_reported", property_id, week.name, "", week.due_at, int(late.total_seconds()))]


async def fresh(
    db: repository.Database, found: Sequence[Finding], now: datetime, repeat: timedelta
) -> list[Finding]:
    """Those whose alarm was not raised lately."""
    recent = await repository.raised_since(db, [f.key for f in found], now - repeat)
    return [f for f in found if f.key not in recent]
