"""What every handler of callbacks ends with: saved, timers moved, facts told raised."""

from __future__ import annotations

import dataclasses

from services.dispatch.domain.assignment import contact_of
from services.dispatch.domain.callback import (
    NO_RESULT_YET,
    Alarm,
    Callback,
    ended_with,
    superseded,
)
from services.dispatch.domain.callback_alarms import alarms
from services.dispatch.domain.callback_commands import CheckCallback
from services.dispatch.domain.callback_plan import ROUNDS, callback_id
from services.dispatch.domain.roster import Staff
from services.dispatch.handlers import relays
from services.dispatch.handlers.keeping import payload
from services.dispatch.handlers.rules import latest
from shared.events.dispatch_callbacks import CallbackClosed, CallbackOverdue
from shared.events.files import GivenFile
from shared.events.intake import RequestClosed
from shared.kernel.unit import Unit


def keep_callback(unit: Unit, before: Callback | None, after: Callback) -> Callback:
    """Save, and move the timers; the callback as it will be stored."""
    unit.save(after)
    had = alarms(before) if before is not None else {}
    needs = alarms(after)
    for name in had.keys() - needs.keys():
        unit.cancel_timer(f"{name}:{after.id}")
    for name, at in needs.items():
        if had.get(name) != at:
            unit.start_timer(
                f"{name}:{after.id}", at, CheckCallback(callback_id=after.id, alarm=name, due_at=at)
            )
    return dataclasses.replace(after, version=after.version + 1)


async def others(unit: Unit, callback: Callback) -> list[Callback]:
    """The other rounds of the same slip."""
    return [c for c in await of_order(unit, callback.work_order_id) if c.id != callback.id]


async def of_order(unit: Unit, work_order_id: str) -> list[Callback]:
    """All rounds of a slip."""
    found = [await unit.load(Callback, callback_id(work_order_id, name)) for name in ROUNDS]
    return [callback for callback in found if callback is not None]


async def supersede(unit: Unit, work_order_id: str) -> None:
    """The work is done again: what was still to be called back about the first time is not."""
    for callback in await of_order(unit, work_order_id):
        if callback.status in NO_RESULT_YET:
            after = superseded(callback, unit.now)
            keep_callback(unit, callback, after)
            unit.emit(closed_fact(after, last=False))


async def request_closed(unit: Unit) -> None:
    """The request has ended in intake: nobody is called back about it any more, and it says why; a message
    waits for nobody.
    """
    event = payload(unit, RequestClosed)
    await relays.closed(unit)
    order = await latest(unit, event.request_id)
    for callback in await of_order(unit, order.id) if order is not None else ():
        after = ended_with(callback, event.outcome, unit.now)
        if after is not None:
            keep_callback(unit, callback, after)
            unit.emit(closed_fact(after, last=False))


def closed_fact(callback: Callback, *, last: bool) -> CallbackClosed:
    """The fact that a callback is over."""
    assert callback.result
    assert callback.closed_at is not None
    return CallbackClosed(
        callback_id=callback.id,
        request_id=callback.request_id,
        work_order_id=callback.work_order_id,
        slip=callback.slip,
        kind=callback.kind,
        round=callback.round,
        result="superseded" if callback.result == "ended" else callback.result,
        proven=callback.opinion != "" and not callback.signatures_missing,
        last=last,
        signers=tuple(s.by for s in callback.signatures),
        reason=callback.ended_with,
        attachments=tuple(GivenFile(id=f.id, sha256=f.sha256, kind=f.kind) for f in callback.attachments),
        closed_at=callback.closed_at,
    )


def raise_alarm(unit: Unit, callback: Callback, alarm: Alarm, to_role: str, staff: Staff | None) -> None:
    """Tell on an urgent stream of its own that something about this callback was not done in time."""
    assert alarm != "attachment_missing"  # its slip's alarm
    due_at = alarms(callback)[alarm]
    fact = CallbackOverdue(
        callback_id=callback.id,
        request_id=callback.request_id,
        work_order_id=callback.work_order_id,
        slip=callback.slip,
        kind=alarm,
        department=callback.department,
        to_role=to_role,
        due_at=due_at,
        raised_at=unit.now,
        place=callback.place,
        personal_key=f"person:{staff.id}" if staff is not None else "",
        personal=contact_of(staff),
    )
    unit.open(f"escalation:{callback.id}:{alarm}", fact)
