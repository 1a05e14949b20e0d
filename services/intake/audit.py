"""What the deadline auditor looks at in intake: first contact, promises, the desk's own clocks, the watch."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from services.intake.domain.complaint import Complaint
from services.intake.domain.complaint_steps import awaited
from services.intake.domain.day import last_check
from services.intake.domain.difficulty import Difficulty
from services.intake.domain.guide import Guide
from services.intake.domain.inquiry import Inquiry
from services.intake.domain.join import followed
from services.intake.domain.property import Property, setting_number
from services.intake.domain.relay import Relay
from services.intake.domain.request import Request
from services.intake.domain.watch import Pace
from services.intake.handlers.signing import week_to_tell
from services.intake.repository import attachments, auditing
from shared.audit import Audit, Finding, Look, of_all

LISTED_MAX = 1_000
Houses = Mapping[str, Property]
WATCH_TAKES = timedelta(seconds=30)  # the watch looks at slips every ten seconds
PAGE_TAKES = timedelta(minutes=5)  # a page of the guide's notices goes out every few seconds
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
    houses: dict[str, Property] = {}
    for settled in await auditing.all_properties(at.db):
        if settled.profile in at.catalogue.profiles:
            houses[settled.id] = settled
        else:  # nothing can be said of its times
            yield at.finding("profile_unknown", settled.id, settled.id, at.now)
    for findings in (
        *(_requests(at, houses, *line) for line in ON_REQUESTS),
        _joined(at, houses),
        _complaints(at, houses),
        *_cases(at, houses),
        _slips(at, houses),
        _days(at, houses),
        _weeks(at, houses),
        _guides(at, houses),
    ):
        async for finding in findings:
            yield finding
    for row in await attachments.to_sweep(at.db, at.before - SWEEP_TAKES, LISTED_MAX):
        if row.sweep_at is not None and row.sweep_at < at.before - SWEEP_TAKES:
            yield at.finding("attachment_not_deleted", row.property_id, row.id, row.sweep_at + SWEEP_TAKES)


def _requests(
    at: Look, houses: Houses, kind: str, field: str, more: dict[str, object]
) -> AsyncGenerator[Finding, None]:
    def late(one: auditing.Due) -> Iterator[Finding]:
        yield at.finding(kind, one.property_id, one.request_id, one.due_at, one.reference)

    def read(some: Sequence[str]) -> AsyncIterator[auditing.Due]:
        return auditing.due_requests(at.db, some, field, at.before, LISTED_MAX, **more)

    return of_all(list(houses), LISTED_MAX, read, late)


def _joined(at: Look, houses: Houses) -> AsyncGenerator[Finding, None]:
    """What it was joined to has ended, and nobody looked in its time (J7)."""

    def late(pair: tuple[Request, Request | None]) -> Iterator[Finding]:
        request, other = pair
        if followed(request, other, at.now) is None:
            return
        settled = houses[request.property_id]
        minutes = setting_number(at.catalogue.profile(settled.profile), settled, "join.look_every_minutes")
        ended_at = (other.closed_at if other is not None else None) or request.recorded_at or at.now
        due = ended_at + timedelta(minutes=minutes)
        if due < at.before:
            yield at.finding("joined_not_followed", request.property_id, request.id, due, request.reference)

    def read(some: Sequence[str]) -> AsyncIterator[tuple[Request, Request | None]]:
        return auditing.joined_requests(at.db, some, at.rows_max)

    return of_all(list(houses), at.rows_max, read, late)


def _complaints(at: Look, houses: Houses) -> AsyncGenerator[Finding, None]:
    """The clocks of complaints (P034-P038)."""

    def late(complaint: Complaint) -> Iterator[Finding]:
        for kind, due in awaited(complaint).items():
            if due < at.before:
                yield at.finding(f"complaint_{kind}", complaint.property_id, complaint.id, due)

    def read(some: Sequence[str]) -> AsyncIterator[Complaint]:
        return auditing.open_complaints(at.db, some, at.rows_max)

    return of_all(list(houses), at.rows_max, read, late)


def _cases(at: Look, houses: Houses) -> Iterator[AsyncGenerator[Finding, None]]:
    """The clocks of difficult issues, talks, inquiries and messages (P002, P009, P010, P037)."""
    properties, db, before = list(houses), at.db, at.before

    def superior(call: Difficulty | None) -> Iterator[Finding]:
        if call is None or call.due_at is None or call.called_at is not None or call.late_told:
            return
        if call.due_at < before:
            yield at.finding("superior_late", call.property_id, call.id, call.due_at)

    def talk(one: auditing.Due) -> Iterator[Finding]:
        yield at.finding("director_talk_late", one.property_id, one.request_id, one.due_at, one.reference)

    def case(kind: str) -> Callable[[Inquiry | Relay], Iterator[Finding]]:
        def late(one: Inquiry | Relay) -> Iterator[Finding]:
            assert one.due_at is not None
            yield at.finding(kind, one.property_id, one.id, one.due_at)

        return late

    yield of_all(properties, LISTED_MAX, lambda some: auditing.difficulties(db, some, LISTED_MAX), superior)
    yield of_all(properties, LISTED_MAX, lambda some: auditing.late_talks(db, some, before, LISTED_MAX), talk)
    yield of_all(
        properties,
        LISTED_MAX,
        lambda some: auditing.late_inquiries(db, some, before, LISTED_MAX),
        case("inquiry_late"),
    )
    yield of_all(
        properties,
        LISTED_MAX,
        lambda some: auditing.late_messages(db, some, before, LISTED_MAX),
        case("message_waits"),
    )


async def _slips(at: Look, houses: Houses) -> AsyncGenerator[Finding, None]:
    """Slips are not out, and the property was not told, or not again (J30)."""
    before = at.before - WATCH_TAKES
    told = await auditing.slips_told(at.db, list(houses))

    def late(one: auditing.Due) -> Iterator[Finding]:
        settled, state, due = houses[one.property_id], told.get(one.property_id), one.due_at
        if state is not None and state.raised_at is not None:
            settings = at.catalogue.profile(settled.profile).settings_with(settled.settings)
            due = max(due, state.raised_at + Pace.of(settings).otherwise)
        if due < before:
            yield at.finding("slips_not_told", settled.id, settled.id, due + WATCH_TAKES, one.reference)

    def read(some: Sequence[str]) -> AsyncIterator[auditing.Due]:
        return auditing.due_requests(at.db, some, "watch_at", before, LISTED_MAX, watch_for="slip")

    seen: set[str] = set()  # the oldest of each property stands for all of them
    async for finding in of_all(list(houses), LISTED_MAX, read, late):
        if finding.property_id not in seen:
            seen.add(finding.property_id)
            yield finding


async def _days(at: Look, houses: Houses) -> AsyncGenerator[Finding, None]:
    """Nobody looked whether yesterday's records are signed (P003)."""
    due: dict[str, tuple[str, datetime]] = {}
    for id, settled in houses.items():
        settings = at.catalogue.profile(settled.profile).settings_with(settled.settings)
        day, by = last_check(at.before, str(settings["records.sign_by"]), settled.zone)
        if by < at.before and (settled.opened_at is None or by > settled.opened_at):
            due[id] = day, by
    checked = await auditing.days_checked(at.db, {id: day for id, (day, _) in due.items()})
    for id in sorted(due.keys() - checked):
        day, by = due[id]
        yield at.finding("day_not_checked", id, day, by)


def _guides(at: Look, houses: Houses) -> AsyncGenerator[Finding, None]:
    """An edition of the guide is being told to the households, and stands still (P015)."""

    def late(guide: Guide) -> Iterator[Finding]:
        due = (guide.page_at or at.now) + PAGE_TAKES
        if due < at.before:
            yield at.finding("guide_not_told", guide.property_id, str(guide.telling), due)

    def read(some: Sequence[str]) -> AsyncIterator[Guide]:
        return auditing.guides_telling(at.db, some, LISTED_MAX)

    return of_all(list(houses), LISTED_MAX, read, late)


async def _weeks(at: Look, houses: Houses) -> AsyncGenerator[Finding, None]:
    """Nobody was told that the complaints of the last week can be read (P036)."""
    all_weeks = {id: week_to_tell(settled, at.catalogue, at.before) for id, settled in houses.items()}
    weeks = {
        id: week
        for id, week in all_weeks.items()
        if week.due_at < at.before and (houses[id].opened_at or week.since) < week.due_at
    }
    told = await auditing.weeks_told(at.db, {id: week.name for id, week in weeks.items()})
    for id in sorted(weeks.keys() - told):
        yield at.finding("complaint_week_not_told", id, weeks[id].name, weeks[id].due_at)


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
        "intake.tell_guide": ("guide_not_told",),
        "intake.erase_attachment": ("attachment_not_deleted",),
    },
    unaudited={},
    look=look,
)
