"""What the deadline auditor looks at in intake: first contact, promises, the desk's own clocks, the watch."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime, timedelta

from services.intake.domain.complaint_steps import awaited
from services.intake.domain.day import last_check
from services.intake.domain.join import followed
from services.intake.domain.property import Property, setting_number
from services.intake.domain.watch import Pace
from services.intake.handlers.signing import week_to_tell
from services.intake.repository import attachments, auditing
from shared.audit import Audit, Finding, Look

LISTED_MAX = 1_000
WATCH_TAKES = timedelta(seconds=30)  # the watch looks at slips every ten seconds
SWEEP_TAKES = timedelta(minutes=10)  # bytes that could not be deleted are tried again after a minute
ON_REQUESTS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("first_contact_missing", "first_contact_due_at", {"first_contact_id": ""}),
    ("promise_not_told", "promise.watch_at", {"work.completed_at": None}),
    ("visit_not_referred", "refer_at", {}),
    ("emergency_not_told", "watch_at", {"watch_for": "answer"}),
)
"""Finding, the moment in the request that tells when it is due, and what else must be so."""


async def look(at: Look) -> AsyncGenerator[Finding, None]:
    """What is overdue in intake; raises what the store raises."""
    for settled in await auditing.all_properties(at.db):
        if settled.profile not in at.catalogue.profiles:  # nothing can be said of its times
            yield at.finding("profile_unknown", settled.id, settled.id, at.now)
            continue
        for kind, field, more in ON_REQUESTS:
            found = await auditing.due_requests(at.db, settled.id, field, at.before, LISTED_MAX, **more)
            for one in found:
                yield at.finding(kind, settled.id, one.request_id, one.due_at, one.reference)
        async for finding in _joined(at, settled):
            yield finding
        async for finding in _cases(at, settled.id):
            yield finding
        async for finding in _slips(at, settled):
            yield finding
        async for finding in _day(at, settled):
            yield finding
        async for finding in _week(at, settled):
            yield finding
    for row in await attachments.to_sweep(at.db, at.before - SWEEP_TAKES, LISTED_MAX):
        if row.sweep_at is not None and row.sweep_at < at.before - SWEEP_TAKES:
            yield at.finding("attachment_not_deleted", row.property_id, row.id, row.sweep_at + SWEEP_TAKES)


async def _joined(at: Look, settled: Property) -> AsyncIterator[Finding]:
    """What it was joined to has ended, and nobody looked in its time (J7)."""
    minutes = setting_number(at.catalogue.profile(settled.profile), settled, "join.look_every_minutes")
    for request, other in await auditing.joined_requests(at.db, settled.id, at.rows_max):
        if followed(request, other, at.now) is None:
            continue
        ended_at = (other.closed_at if other is not None else None) or request.recorded_at or at.now
        due = ended_at + timedelta(minutes=minutes)
        if due < at.before:
            yield at.finding("joined_not_followed", settled.id, request.id, due, request.reference)


async def _cases(at: Look, property_id: str) -> AsyncIterator[Finding]:
    """The clocks of complaints, difficult issues, talks, inquiries, messages (P002, P009, P010, P034-38)."""
    for complaint in await auditing.open_complaints(at.db, property_id, at.rows_max):
        for kind, due in awaited(complaint).items():
            if due < at.before:
                yield at.finding(f"complaint_{kind}", property_id, complaint.id, due)
    for call in await auditing.late_calls(at.db, property_id, at.before, LISTED_MAX):
        assert call.due_at is not None
        yield at.finding("superior_late", property_id, call.id, call.due_at)
    for talk in await auditing.late_talks(at.db, property_id, at.before, LISTED_MAX):
        yield at.finding("director_talk_late", property_id, talk.request_id, talk.due_at, talk.reference)
    for inquiry in await auditing.late_inquiries(at.db, property_id, at.before, LISTED_MAX):
        assert inquiry.due_at is not None
        yield at.finding("inquiry_late", property_id, inquiry.id, inquiry.due_at)
    for message in await auditing.late_messages(at.db, property_id, at.before, LISTED_MAX):
        assert message.due_at is not None
        yield at.finding("message_waits", property_id, message.id, message.due_at)


async def _slips(at: Look, settled: Property) -> AsyncIterator[Finding]:
    """Slips are not out, and the property was not told, or not again (J30)."""
    before = at.before - WATCH_TAKES
    late = await auditing.due_requests(at.db, settled.id, "watch_at", before, 1, watch_for="slip")
    if not late:
        return
    settings = at.catalogue.profile(settled.profile).settings_with(settled.settings)
    state = await auditing.slips_told(at.db, settled.id)
    due: datetime = late[0].due_at
    if state is not None and state.raised_at is not None:
        due = max(due, state.raised_at + Pace.of(settings).otherwise)
    if due < before:
        yield at.finding("slips_not_told", settled.id, settled.id, due + WATCH_TAKES, late[0].reference)


async def _day(at: Look, settled: Property) -> AsyncIterator[Finding]:
    """Nobody looked whether yesterday's records are signed (P003)."""
    settings = at.catalogue.profile(settled.profile).settings_with(settled.settings)
    day, due = last_check(at.before, str(settings["records.sign_by"]), settled.zone)
    if settled.opened_at is not None and due <= settled.opened_at:
        return
    if due < at.before and not await auditing.day_was_checked(at.db, settled.id, day):
        yield at.finding("day_not_checked", settled.id, day, due)


async def _week(at: Look, settled: Property) -> AsyncIterator[Finding]:
    """Nobody was told that the complaints of the last week can be read (P036)."""
    week = week_to_tell(settled, at.catalogue, at.before)
    if settled.opened_at is not None and week.due_at <= settled.opened_at:
        return
    if week.due_at < at.before and not await auditing.week_was_told(at.db, settled.id, week.name):
        yield at.finding("complaint_week_not_told", settled.id, week.name, week.due_at)


AUDIT = Audit(
    service="intake",
    audited={
        "intake.watch_first_contact": ("first_contact_missing",),
        "intake.watch_promise": ("promise_not_told",),
        "intake.watch_complaint": (
            "complaint_report_late",
            "complaint_answer_late",
            "complaint_press_due",
            "complaint_department_late",
        ),
        "intake.watch_difficult": ("superior_late",),
        "intake.watch_case": ("visit_not_referred", "inquiry_late", "message_waits"),
        "intake.watch_director_talk": ("director_talk_late",),
        "intake.watch_joined": ("joined_not_followed",),
        "intake.watch_day": ("day_not_checked",),
        "intake.start_days": ("day_not_checked",),
        "intake.watch_week": ("complaint_week_not_told",),
        "intake.start_weeks": ("complaint_week_not_told",),
        "intake.raise_watch": ("emergency_not_told",),
        "intake.raise_slips": ("slips_not_told",),
        "intake.erase_attachment": ("attachment_not_deleted",),
    },
    unaudited={},
    look=look,
)
