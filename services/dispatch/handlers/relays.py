"""Messages for colleagues at the change of shifts (P002): heard of, handed over, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.dispatch.domain.model import PropertyCopy
from services.dispatch.domain.relay import HandMessageOver, RelayCopy, look_at, next_reader
from services.dispatch.handlers.keeping import payload
from services.dispatch.handlers.people import rosters_of
from services.dispatch.handlers.rules import settings_with
from shared.catalogue.load import Catalogue
from shared.events.dispatch_roster import MessageHandedOver
from shared.events.intake import RequestClosed
from shared.events.intake_cases import MessageRelayed
from shared.kernel.unit import Unit

SHIFT_CHANGE, LOOK_AGAIN = "shift-change", "message.look_again_minutes"


async def relayed(catalogue: Catalogue, unit: Unit) -> None:
    """A message waits for somebody: it is looked at when his shift ends."""
    event = payload(unit, MessageRelayed)
    old = await unit.load(RelayCopy, event.request_id)
    copy = old or RelayCopy(unit.cause.property_id, event.request_id)
    await _wait(catalogue, unit, replace(copy, to_id=event.responsible_id, open=True))


async def hand_over(catalogue: Catalogue, unit: Unit) -> None:
    """Timer: who should hear it has gone, and has not acknowledged it; somebody of the next shift does.

    Looked at again until intake has told it to the new one.
    """
    command = payload(unit, HandMessageOver)
    copy = await unit.load(RelayCopy, command.request_id)
    if copy is None or not copy.open or copy.to_id != command.to_id:
        return
    to = next_reader(await rosters_of(unit), copy.to_id, unit.now)
    if to is None:
        await _wait(catalogue, unit, copy)
        return
    unit.emit(MessageHandedOver(request_id=copy.id, from_id=copy.to_id, to_id=to.id, handed_at=unit.now))
    await _wait(catalogue, unit, copy, soon=True)


async def closed(unit: Unit) -> None:
    """The message was acknowledged or taken back: it waits for nobody."""
    copy = await unit.load(RelayCopy, payload(unit, RequestClosed).request_id)
    if copy is not None and copy.open:
        unit.save(replace(copy, open=False, look_at=None))
        unit.cancel_timer(SHIFT_CHANGE)


async def _wait(catalogue: Catalogue, unit: Unit, copy: RelayCopy, *, soon: bool = False) -> None:
    settings = settings_with(catalogue, await unit.look(PropertyCopy, unit.cause.property_id))
    again = timedelta(minutes=int(settings[LOOK_AGAIN]))
    at = unit.now + again if soon else look_at(await rosters_of(unit), copy.to_id, unit.now, again)
    unit.save(replace(copy, look_at=at))
    unit.start_timer(SHIFT_CHANGE, at, HandMessageOver(request_id=copy.id, to_id=copy.to_id))
