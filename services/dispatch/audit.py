"""What the deadline auditor looks at in dispatch: slips, their papers, callbacks, rain, nights."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta

from services.dispatch import repository
from services.dispatch.domain.audit import beside, callbacks_overdue, overdue
from services.dispatch.handlers.rules import due_week, order_id_of_stream, settings_with, zone_of
from shared.audit import Audit, Finding, Look
from shared.catalogue.model import DispatchRules
from shared.deadlines import wall_time_of
from shared.events.intake import EmergencyRaised, RequestAccepted

HELD_MAX = 1_000
LISTED_MAX = 1_000
REPORTS = (RequestAccepted.TYPE, EmergencyRaised.TYPE)
SLIP_WITHIN = timedelta(minutes=DispatchRules.model_fields["slip_within_minutes"].default)
NIGHT_TAKES = timedelta(minutes=10)  # how long the check of the slips of all properties may take
RAIN_TAKES = timedelta(minutes=5)  # until every callback that waited for a rain must have been started


async def look(at: Look) -> AsyncGenerator[Finding, None]:
    """What is overdue in dispatch; raises what the store raises."""
    async for finding in _without_slip(at):
        yield finding
    for property_id in await repository.properties_with_work(at.db):
        async for finding in _orders(at, property_id):
            yield finding
        async for callback in repository.overdue_callbacks(at.db, property_id, at.before, LISTED_MAX):
            for kind, due in callbacks_overdue(callback, at.before):
                yield at.finding(kind, property_id, callback.id, due, callback.slip)
        for rain in await repository.rain_left_over(at.db, property_id, at.before - RAIN_TAKES, LISTED_MAX):
            assert rain.recorded_at is not None
            yield at.finding("rain_not_spread", property_id, rain.id, rain.recorded_at + RAIN_TAKES)
        async for finding in _night(at, property_id):
            yield finding
        async for finding in _week(at, property_id):
            yield finding


async def _orders(at: Look, property_id: str) -> AsyncIterator[Finding]:
    async for watched in repository.watched(at.db, property_id, at.rows_max):
        for kind, due in overdue(watched, at.before):
            yield at.finding(kind, property_id, watched.id, due, watched.slip)
    told: set[tuple[str, str]] = set()  # an order may be found in two ways
    async for order in repository.beside_the_deadline(at.db, property_id, at.before, LISTED_MAX):
        for kind, due in beside(order, at.before):
            if (order.id, kind) not in told:
                told.add((order.id, kind))
                yield at.finding(kind, property_id, order.id, due, order.slip)


async def _without_slip(at: Look) -> AsyncIterator[Finding]:
    """Reports that dispatch has received, and that have no slip.

    Parked, or something of theirs waits for them.
    """
    held = await repository.held_reports(at.db, REPORTS, at.before - SLIP_WITHIN, HELD_MAX)
    pairs = [(h.property_id, order_id_of_stream(h.property_id, h.stream), h) for h in held]
    expected = {(property_id, order_id): h for property_id, order_id, h in pairs if order_id}
    there = await repository.have_slips(at.db, list(expected))
    for key, h in expected.items():
        if key not in there:
            yield at.finding("report_without_slip", h.property_id, h.stream, h.since + SLIP_WITHIN)


async def _night(at: Look, property_id: str) -> AsyncIterator[Finding]:
    """The nightly check of the slips was not recorded (P033)."""
    settings = await repository.settings_of(at.db, property_id)
    hour = str(settings_with(at.catalogue, settings)["slip.check_at"])
    date, due = wall_time_of(at.before - NIGHT_TAKES, hour, zone_of(settings))
    if due is None or await repository.checked(at.db, property_id, date):
        return
    first = await repository.first_issued_at(at.db, property_id)
    if first is None:
        return
    due = max(due, first) + NIGHT_TAKES
    if due < at.before:
        yield at.finding("slip_check_missing", property_id, date, due)


async def _week(at: Look, property_id: str) -> AsyncIterator[Finding]:
    """The reports of a week that should have been made by now (P032)."""
    settings = await repository.settings_of(at.db, property_id)
    week = due_week(at.catalogue, settings, at.now)
    if week.due_at >= at.before or not await repository.worked_before(at.db, property_id, week.until):
        return
    if not await repository.week_reported(at.db, property_id, week.name):
        yield at.finding("week_not_reported", property_id, week.name, week.due_at)


AUDIT = Audit(
    service="dispatch",
    audited={
        "dispatch.escalate": ("not_escalated", "slip_late", "nobody_told", "report_without_slip"),
        "dispatch.check_answer": ("unanswered",),
        "dispatch.find_somebody": ("nobody_looked_for",),
        "dispatch.check_paperwork": ("paperwork_late",),
        "dispatch.check_cancellation": ("cancellation_waits",),
        "dispatch.check_material": ("material_report_late",),
        "dispatch.check_return": ("slip_return_late",),
        "dispatch.check_party": ("party_silent",),
        "dispatch.check_files": ("attachment_missing",),
        "dispatch.check_callback": ("callback_late", "notice_late", "rain_missing", "attachment_missing"),
        "dispatch.start_rain_round": ("rain_not_spread",),
        "dispatch.finish_rain": ("rain_not_spread",),
        "dispatch.record_slip_check": ("slip_check_missing",),
        "dispatch.record_week": ("week_not_reported",),
    },
    unaudited={},
    look=look,
)
