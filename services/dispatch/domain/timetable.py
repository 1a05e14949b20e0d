"""Which timers a work order needs: the difference between what it needed before and what it needs now.

Pure.

Every timer is named after the order and what it watches, so that setting it again moves it and taking the
step forgets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dispatch.domain.commands import (
    CheckAnswer,
    CheckCancellation,
    CheckPaperwork,
    Escalate,
    FindSomebody,
)
from services.dispatch.domain.deadlines import (
    answer_due_at,
    material_due_at,
    next_step,
    paperwork_due_at,
    party_due_at,
    reroute_at,
    return_due_at,
)
from services.dispatch.domain.errand import last_free_cancellation
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.side_commands import CheckFiles, CheckMaterial, CheckParty, CheckReturn
from shared.kernel.unit import Command


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer to be set."""

    due_at: datetime
    command: Command
    chain: str = ""
    step: int = 0


def timers_of(order: WorkOrder, now: datetime) -> dict[str, Timer]:
    """All timers the order needs from now on, by key."""
    wanted: dict[str, Timer] = {}
    step = next_step(order)
    if step is not None:
        assert order.due_at is not None
        key = f"deadline:{order.id}"
        escalate = Escalate(work_order_id=order.id, number=step.number, due_at=order.due_at)
        wanted[key] = Timer(step.at, escalate, chain=key, step=step.number)
    answer = answer_due_at(order)
    if answer is not None:
        command = CheckAnswer(work_order_id=order.id, due_at=answer)
        wanted[f"answer:{order.id}"] = Timer(answer, command)
    again = reroute_at(order, now)
    if again is not None:
        wanted[f"find:{order.id}"] = Timer(again, FindSomebody(work_order_id=order.id))
    paperwork = paperwork_due_at(order)
    if paperwork is not None:
        wanted[f"paperwork:{order.id}"] = Timer(paperwork, CheckPaperwork(work_order_id=order.id))
    wanted |= _side_timers(order)
    waits = cancellation_at(order)
    if waits is not None:
        wanted[f"cancellation:{order.id}"] = Timer(waits, CheckCancellation(work_order_id=order.id))
    return wanted


def _side_timers(order: WorkOrder) -> dict[str, Timer]:
    """Missing material to be reported, a slip to come back, a party to answer (P025, P027, P028), files to be
    there.
    """
    wanted: dict[str, Timer] = {}
    for name, due, kind in (
        ("material", material_due_at(order), CheckMaterial),
        ("return", return_due_at(order), CheckReturn),
        ("party", party_due_at(order), CheckParty),
        ("files", order.files_due_at, CheckFiles),
    ):
        if due is not None:
            wanted[f"{name}:{order.id}"] = Timer(due, kind(work_order_id=order.id, due_at=due))
    return wanted


def cancellation_at(order: WorkOrder) -> datetime | None:
    """When an unconfirmed cancellation is an alarm.

    Before it becomes late by our fault, at the latest after the minutes of the rule.
    """
    if order.cancel_notice is None or not order.open:
        return None
    received = order.cancel_notice.received_at
    soon = received + timedelta(minutes=order.rules.cancel_confirm_minutes)
    last = last_free_cancellation(order)
    return soon if last is None or last <= received else min(soon, received + (last - received) / 2)


@dataclass(frozen=True, slots=True)
class Changes:
    """Timers to be set and to be forgotten."""

    start: dict[str, Timer]
    cancel: tuple[str, ...]


def changes(before: WorkOrder | None, after: WorkOrder, now: datetime) -> Changes:
    """What has to change. A timer that would only be set again for the same thing stays as it is."""
    had = timers_of(before, now) if before is not None else {}
    needs = timers_of(after, now)
    start = {
        key: timer for key, timer in needs.items() if key not in had or had[key].command != timer.command
    }
    return Changes(start, tuple(key for key in had if key not in needs))
