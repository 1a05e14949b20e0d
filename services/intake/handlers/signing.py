"""Handlers of the approved answers (P010) and of the daily signing (P003)."""

from __future__ import annotations

import asyncio
from datetime import datetime

from services.intake.directory_answers import Recorded
from services.intake.domain import answer_book as book
from services.intake.domain import case_commands as c
from services.intake.domain import day as days
from services.intake.domain.answer_book import StandardAnswer
from services.intake.domain.day import DayCheck, DaySheet, WeekTold
from services.intake.domain.property import Property
from services.intake.handlers.base import Handlers, payload
from shared.catalogue.load import Catalogue
from shared.errors import NotFound
from shared.events import intake_cases as events
from shared.kernel.unit import Unit
from shared.reports.weekly import WEEK_AT, WEEK_DAY, Week, next_due, week_after, week_due

DAY_CHECK, WEEK_CHECK = "day-check", "week-check"


class Signing(Handlers):
    """Units of work on what is read and signed."""

    async def draft_answer(self, unit: Unit) -> None:
        """An answer is drafted, or its next version."""
        command = payload(unit, c.DraftAnswer)
        await self.settled(unit)
        old = await unit.load(StandardAnswer, command.answer_id)
        unit.require_match(old.version if old else 0)
        by = unit.cause.principal.sub
        after = book.drafted(old, unit.cause.property_id, command.answer_id, command.body, by, unit.now)
        unit.save(after)
        unit.answer(Recorded(ids=[after.id], id=after.id, version=after.version + 1))

    async def approve_answer(self, unit: Unit) -> None:
        """Another person approves it: from now on it is what all are told."""
        command = payload(unit, c.ApproveAnswer)
        old = await self._answer(unit, command.answer_id)
        after, kept = book.approved(old, unit.cause.principal.sub, unit.now)
        unit.save(after)
        unit.save(kept)
        assert after.current is not None
        unit.emit(
            events.AnswerApproved(
                answer_id=after.id,
                number=after.number,
                drafted_by=after.current.drafted_by,
                approved_by=after.approved_by,
                approved_at=unit.now,
            )
        )
        unit.answer(Recorded(ids=[after.id], id=after.id, version=after.version + 1))

    async def retire_answer(self, unit: Unit) -> None:
        """It is given no more."""
        command = payload(unit, c.RetireAnswer)
        after = book.retired(await self._answer(unit, command.answer_id))
        unit.save(after)
        by = unit.cause.principal.sub
        unit.emit(events.AnswerRetired(answer_id=after.id, retired_by=by, retired_at=unit.now))
        unit.answer(Recorded(ids=[after.id], id=after.id, version=after.version + 1))

    async def sign_day(self, unit: Unit) -> None:
        """A day's records of one kind were read and are signed."""
        command = payload(unit, c.SignDay)
        settled = await self.settled(unit)
        old = await unit.load(DaySheet, days.sheet_id(command.day, command.kind))
        by = unit.cause.principal.sub
        after = days.signed(
            old,
            unit.cause.property_id,
            days.read_day(command.day),
            command.kind,
            command.counted,
            by,
            command.body.remark,
            unit.now,
            settled.zone,
        )
        unit.save(after)
        unit.emit(
            events.DaySigned(
                day=after.day, kind=after.kind, counted=after.counted, signed_by=by, signed_at=unit.now
            )
        )
        unit.answer(Recorded(ids=[after.id], id=after.id, version=after.version + 1))

    async def start_days(self, unit: Unit) -> None:
        """A property that was opened before there was a daily look gets its first."""
        watch_days(unit, await self.settled(unit), self.catalogue)

    async def start_weeks(self, unit: Unit) -> None:
        """A property that has no weekly telling gets it; a last week that nobody was told of is told now."""
        settled = await self.settled(unit)
        last = week_to_tell(settled, self.catalogue, unit.now)
        opened = settled.opened_at or last.due_at
        if opened < last.due_at and await unit.load(WeekTold, last.name) is None:
            watch_week(unit, last)
        else:
            watch_weeks(unit, settled, self.catalogue)

    async def watch_day(self, unit: Unit) -> None:
        """Timer: what is not signed by now is an alarm; tomorrow it is looked at again."""
        command = payload(unit, c.WatchDay)
        settled = await self.settled(unit)
        sheets = await asyncio.gather(
            *(unit.look(DaySheet, days.sheet_id(command.day, kind)) for kind in days.KINDS)
        )
        missing = days.unsigned(sheets)
        if await unit.load(DayCheck, command.day) is None:
            unit.save(DayCheck(unit.cause.property_id, command.day, missing=missing, checked_at=unit.now))
        if missing:
            unit.open(
                f"escalation:day.{command.day}",
                events.DayUnsigned(day=command.day, kinds=", ".join(missing), raised_at=unit.now),
            )
        day, due_at = days.check_after(command.day, *day_rhythm(settled, self.catalogue))
        unit.start_timer(DAY_CHECK, due_at, c.WatchDay(day=day))

    async def watch_week(self, unit: Unit) -> None:
        """Timer: the week's complaints are told to be read, once; then the next week is waited for."""
        command = payload(unit, c.WatchWeek)
        if await unit.load(WeekTold, command.week) is None:
            week = {"week": command.week, "since": command.since, "until": command.until}
            unit.emit(events.ComplaintWeekOver(**week, told_at=unit.now))
            unit.save(WeekTold(unit.cause.property_id, command.week, told_at=unit.now))
        rhythm = week_rhythm(await self.settled(unit), self.catalogue)
        watch_week(unit, week_after(command.until, *rhythm))

    async def _answer(self, unit: Unit, answer_id: str) -> StandardAnswer:
        found = await unit.load(StandardAnswer, answer_id)
        if found is None:
            raise NotFound("no-such-answer", "There is no such answer in this property.")
        unit.require_match(found.version)
        return found


def watch_weeks(unit: Unit, settled: Property, catalogue: Catalogue) -> None:
    """The next week whose complaints are told, on the property's own stream (P036)."""
    watch_week(unit, next_due(unit.now, *week_rhythm(settled, catalogue)))


def watch_week(unit: Unit, week: Week) -> None:
    """That week is told at its moment; at once if that is over."""
    command = c.WatchWeek(week=week.name, since=week.since, until=week.until)
    unit.start_timer(WEEK_CHECK, week.due_at, command)


def week_to_tell(settled: Property, catalogue: Catalogue, now: datetime) -> Week:
    """The last week whose complaints should have been told."""
    return week_due(now, *week_rhythm(settled, catalogue))


def week_rhythm(settled: Property, catalogue: Catalogue) -> tuple[str, int, str]:
    """In which zone, on which day of the week and at which hour a week is told."""
    settings = catalogue.profile(settled.profile).settings_with(settled.settings)
    return settled.zone, int(settings[WEEK_DAY]), str(settings[WEEK_AT])


def day_rhythm(settled: Property, catalogue: Catalogue) -> tuple[str, str]:
    """Until when a day is signed, and in which zone."""
    settings = catalogue.profile(settled.profile).settings_with(settled.settings)
    return str(settings["records.sign_by"]), settled.zone


def watch_days(unit: Unit, settled: Property, catalogue: Catalogue) -> None:
    """The next look at whether a day was signed, on the property's own stream."""
    day, due_at = days.next_check(unit.now, *day_rhythm(settled, catalogue))
    unit.start_timer(DAY_CHECK, due_at, c.WatchDay(day=day))
