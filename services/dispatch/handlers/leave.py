"""Leave and swaps: what people ask, what the other agrees to, what the supervisor decides."""

from __future__ import annotations

from services.dispatch.domain import leave
from services.dispatch.domain import people_commands as commands
from services.dispatch.domain.roster import Absence, Roster, Swap, shift_of
from services.dispatch.handlers.answers import roster_answer
from services.dispatch.handlers.keeping import actor_of, payload
from services.dispatch.handlers.roster import roster_to_change, stored
from shared.kernel.unit import Command, Handler, Unit


async def ask_leave(unit: Unit) -> None:
    """Somebody asks for leave."""
    command = payload(unit, commands.AskLeave)
    roster = await roster_to_change(unit, command.department)
    body = command.body
    by = actor_of(unit)
    absence = Absence(command.leave_id, by.by, body.starts_at, body.ends_at, body.kind, body.reason, unit.now)
    _kept(unit, leave.leave_asked(roster, absence, by, unit.now))


async def decide_leave(unit: Unit) -> None:
    """A supervisor approves or refuses."""
    command = payload(unit, commands.DecideLeave)
    roster = await roster_to_change(unit, command.department)
    decided = leave.leave_decided(roster, command.leave_id, command.decision, actor_of(unit), unit.now)
    _kept(unit, decided)


async def ask_swap(unit: Unit) -> None:
    """Somebody asks another to take his shift."""
    command = payload(unit, commands.AskSwap)
    roster = await roster_to_change(unit, command.department)
    by = actor_of(unit)
    shift = shift_of(roster, command.shift_id)
    swap = Swap(command.swap_id, command.shift_id, shift.staff_id, command.to_id, unit.now)
    _kept(unit, leave.swap_asked(roster, swap, by, unit.now))


async def agree_swap(unit: Unit) -> None:
    """The other agrees."""
    command = payload(unit, commands.AgreeSwap)
    roster = await roster_to_change(unit, command.department)
    _kept(unit, leave.swap_agreed(roster, command.swap_id, actor_of(unit), unit.now))


async def decide_swap(unit: Unit) -> None:
    """A supervisor approves what both have agreed to, or refuses."""
    command = payload(unit, commands.DecideSwap)
    roster = await roster_to_change(unit, command.department)
    decided = leave.swap_decided(roster, command.swap_id, command.decision, actor_of(unit), unit.now)
    _kept(unit, decided)


def _kept(unit: Unit, roster: Roster) -> None:
    unit.save(roster)
    unit.answer(roster_answer(stored(roster), 1))


LEAVE: dict[type[Command], Handler] = {
    commands.AskLeave: ask_leave,
    commands.DecideLeave: decide_leave,
    commands.AskSwap: ask_swap,
    commands.AgreeSwap: agree_swap,
    commands.DecideSwap: decide_swap,
}
