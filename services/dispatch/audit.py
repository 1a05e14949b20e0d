"""What the deadline auditor looks at in dispatch: slips, their papers, callbacks, rain, nights."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from services.dispatch import repository
from services.dispatch.domain.audit import Watched, beside, callbacks_overdue, overdue
from services.dispatch.domain.callback import Callback
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from services.dispatch.domain.rain import RainEvent
from services.dispatch.handlers.rules import due_week, order_id_of_stream, settings_with, zone_of
from shared.audit import Audit, Finding, Look, of_all
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
    properties = await repository.properties_with_work(at.db)
    settings = await repository.all_settings(at.db, properties)
    for findings in (
        _without_slip(at),
        _orders(at, properties),
        _beside(at, properties),
        _callbacks(at, properties),
        _rain(at, properties),
        _nights(at, properties, settings),
        _weeks(at, properties, settings),
        _messages(at),
    ):
        async for finding in findings:
            yield finding


async def _messages(at: Look) -> AsyncIterator[Finding]:
    """Nobody looked whether a message goes over to the next shift (P002)."""
    for message in await repository.messages_kept(at.db, at.before, LISTED_MAX):
        assert message.look_at is not None
        yield at.finding("message_not_handed_over", message.property_id, message.id, message.look_at)


def _orders(at: Look, properties: Sequence[str]) -> AsyncGenerator[Finding, None]:
    def late(one: Watched) -> Iterator[Finding]:
        for kind, due in overdue(one, at.before):
            yield at.finding(kind, one.property_id, one.id, due, one.slip)

    return of_all(properties, at.rows_max, lambda some: repository.watched(at.db, some, at.rows_max), late)


async def _beside(at: Look, properties: Sequence[str]) -> AsyncGenerator[Finding, None]:
    def late(order: WorkOrder) -> Iterator[Finding]:
        for kind, due in beside(order, at.before):
            yield at.finding(kind, order.property_id, order.id, due, order.slip)

    def read(some: Sequence[str]) -> AsyncIterator[WorkOrder]:
        return repository.beside_the_deadline(at.db, some, at.before, LISTED_MAX)

    told: set[str] = set()  # an order may be found in several ways
    async for finding in of_all(properties, LISTED_MAX, read, late):
        if finding.key not in told:
            told.add(finding.key)
            yield finding


def _callbacks(at: Look, properties: Sequence[str]) -> AsyncGenerator[Finding, None]:
    def late(callback: Callback) -> Iterator[Finding]:
        for kind, due in callbacks_overdue(callback, at.before):
            yield at.finding(kind, callback.property_id, callback.id, due, callback.slip)

    def read(some: Sequence[str]) -> AsyncIterator[Callback]:
        return repository.overdue_callbacks(at.db, some, at.before, LISTED_MAX)

    return of_all(properties, LISTED_MAX, read, late)


def _rain(at: Look, properties: Sequence[str]) -> AsyncGenerator[Finding, None]:
    def late(rain: RainEvent) -> Iterator[Finding]:
        assert rain.recorded_at is not None
        yield at.finding("rain_not_spread", rain.property_id, rain.id, rain.recorded_at + RAIN_TAKES)

    def read(some: Sequence[str]) -> AsyncIterator[RainEvent]:
        return repository.rain_left_over(at.db, some, at.before - RAIN_TAKES, LISTED_MAX)

    return of_all(properties, LISTED_MAX, read, late)


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


async def _nights(
    at: Look, properties: Sequence[str], settings: Mapping[str, PropertyCopy]
) -> AsyncGenerator[Finding, None]:
    """The nightly check of the slips was not recorded (P033)."""
    nights: dict[str, tuple[str, datetime]] = {}
    for property_id in properties:
        copy = settings.get(property_id)
        hour = str(settings_with(at.catalogue, copy)["slip.check_at"])
        date, due = wall_time_of(at.before - NIGHT_TAKES, hour, zone_of(copy))
        if due is not None:
            nights[property_id] = date, due
    dates = {property_id: date for property_id, (date, _) in nights.items()}
    checked = await repository.recorded(at.db, repository.SLIP_CHECKS, dates)
    for property_id in sorted(nights.keys() - checked):
        date, due = nights[property_id]
        first = await repository.first_issued_at(at.db, property_id)
        if first is not None and max(due, first) + NIGHT_TAKES < at.before:
            yield at.finding("slip_check_missing", property_id, date, max(due, first) + NIGHT_TAKES)


async def _weeks(
    at: Look, properties: Sequence[str], settings: Mapping[str, PropertyCopy]
) -> AsyncGenerator[Finding, None]:
    """The reports of a week that should have been made by now (P032)."""
    all_weeks = {id: due_week(at.catalogue, settings.get(id), at.now) for id in properties}
    weeks = {id: week for id, week in all_weeks.items() if week.due_at < at.before}
    names = {id: week.name for id, week in weeks.items()}
    reported = await repository.recorded(at.db, repository.WEEK_REPORTS, names)
    for id in sorted(weeks.keys() - reported):
        if await repository.worked_before(at.db, id, weeks[id].until):
            yield at.finding("week_not_reported", id, weeks[id].name, weeks[id].due_at)


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
        "dispatch.hand_message_over": ("message_not_handed_over",),
    },
    unaudited={},
    look=look,
)
