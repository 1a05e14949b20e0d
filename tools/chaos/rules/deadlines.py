"""Deadlines: none fired later than its grace after max(due, recovery), none due and unfired.

What should have fired is computed from the work orders and dispatch's journal alone; timers are not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.chaos.facts import Order, Outage, Step, Violation

ALARM = "dispatch.escalation.raised.v1"
ASKED = ("dispatch.work_order.issued.v1", "dispatch.work_order.assigned.v1")
ESCALATED = ("approaching", "breached")
UNANSWERED = "not_collected"
RAISED = "urgency_raised"  # the order's step with which its time to answer begins anew
Steps = Mapping[tuple[str, str], Sequence[Step]]


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that had to be told at `due_at`; `relieved_at`: it no longer had to be from then on."""

    where: str
    what: str
    due_at: datetime
    fired_at: datetime | None
    relieved_at: datetime | None


def deadlines(orders: Iterable[Order], steps: Steps) -> Iterator[Deadline]:
    """The steps of every order's escalation, and the silence of whoever was asked."""
    for order in orders:
        own = sorted(steps.get((order.property_id, order.id), ()), key=lambda s: (s.at, s.sequence))
        yield from _escalations(order, own)
        yield from _answers(order, own)


def _escalations(order: Order, steps: Sequence[Step]) -> Iterator[Deadline]:
    """One a step of the chain; after an outage a later step may stand for an earlier one."""
    named = [s.at for s in steps if s.due_at == order.due_at and s.type != ALARM]
    known_at = max([order.issued_at, order.clock_from, *named[:1]])
    fired = [s.at for s in steps if s.type == ALARM and s.kind in ESCALATED]
    for percent in order.percents:
        due = order.clock_from + (order.due_at - order.clock_from) * percent / 100
        due_at = max(due, known_at)
        # The journal keeps milliseconds, cut off: what is due and fires within one must not seem unfired.
        told = [at for at in fired if at >= due_at - timedelta(milliseconds=1)]
        where = f"{order.property_id}:{order.id}"
        yield Deadline(where, f"step at {percent} %", due_at, min(told, default=None), order.done_at)


def _answers(order: Order, steps: Sequence[Step]) -> Iterator[Deadline]:
    """Whoever is asked has to answer in time, or somebody else hears of it (ruling J6)."""
    if order.answer_minutes is None:
        return
    asked = [s for s in steps if (s.type in ASKED and s.assignee) or s.kind == RAISED]
    for one in asked:
        due_at = one.at + timedelta(minutes=order.answer_minutes)
        later = [s for s in steps if (s.at, s.sequence) > (one.at, one.sequence) and s.type != ALARM]
        fired = [s.at for s in steps if s.kind == UNANSWERED and s.at >= due_at - timedelta(milliseconds=1)]
        where = f"{order.property_id}:{order.id}"
        relieved_at = later[0].at if later else order.done_at
        yield Deadline(where, "silence", due_at, min(fired, default=None), relieved_at)


def kept(
    all_: Iterable[Deadline],
    outages: Sequence[Outage],
    now: datetime,
    grace: timedelta,
    rule: str = "deadline",
) -> Iterator[Violation]:
    """No deadline fired too late; none that is due has not fired."""
    for one in all_:
        allowed = recovered(one.due_at, outages, grace) + grace
        if one.relieved_at is not None and one.relieved_at <= allowed:
            continue
        if one.fired_at is None:
            if allowed < now:
                what = f"{one.what} was due at {one.due_at:%H:%M:%S} and never fired"
                yield Violation(f"{rule}-unfired", one.where, what)
        elif one.fired_at > allowed:
            late = (one.fired_at - allowed + grace).total_seconds()
            yield Violation(f"{rule}-late", one.where, f"{one.what} fired {late:.1f} s late")


def recovered(due_at: datetime, outages: Sequence[Outage], grace: timedelta) -> datetime:
    """max(due, recovery): the end of the last outage that began before it had to fire."""
    moment = due_at
    for outage in sorted(outages, key=lambda o: o.since):
        if outage.since <= moment + grace:
            moment = max(moment, outage.until)
    return moment
