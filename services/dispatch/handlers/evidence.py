"""Files given with a step: checked against what intake told of them, kept, and named in the step's event."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta

from services.dispatch.domain import bodies, commands, side_commands
from services.dispatch.domain.evidence import (
    AttachmentCopy,
    CopyStatus,
    Given,
    Giving,
    Whose,
    check_room,
    given,
    unconfirmed,
)
from services.dispatch.domain.flow import Change
from services.dispatch.domain.model import PropertyCopy, WorkOrder
from services.dispatch.domain.repair import OWNER
from services.dispatch.handlers.keeping import actor_of, payload
from services.dispatch.handlers.rules import settings_with
from shared.catalogue.load import Catalogue
from shared.errors import Bug
from shared.events.dispatch import WorkStepTaken
from shared.events.envelope import Event
from shared.events.files import GivenFile
from shared.events.intake import AttachmentAdded, AttachmentErased, AttachmentRemoved
from shared.kernel.unit import Unit

FILES_MAX, CONFIRMED_WITHIN = "slip.attachments_max", "slip.attachments_confirm_minutes"
OWNER_DRAWS = (commands.WithdrawRepair, commands.RecordForm)
TAKER_DRAWS = (side_commands.SignUndone, side_commands.SignNotice)


async def added(unit: Unit) -> None:
    """Intake has kept a file: from now on what is said of it can be checked."""
    event = payload(unit, AttachmentAdded)
    known = await unit.load(AttachmentCopy, event.attachment_id)
    copy = known or AttachmentCopy(unit.cause.property_id, event.attachment_id)
    unit.save(
        dataclasses.replace(
            copy,
            request_id=event.request_id,
            kind=event.kind,
            sha256=event.sha256,
            added_by=event.added_by,
            status="stored",
        )
    )


async def removed(unit: Unit) -> None:
    """A supervisor took it away."""
    await _lost(unit, payload(unit, AttachmentRemoved).attachment_id, "removed")


async def erased(unit: Unit) -> None:
    """Its bytes are gone: the term was over, or its person was erased."""
    await _lost(unit, payload(unit, AttachmentErased).attachment_id, "gone")


async def _lost(unit: Unit, attachment_id: str, status: CopyStatus) -> None:
    copy = await unit.load(AttachmentCopy, attachment_id)
    if copy is not None:
        unit.save(dataclasses.replace(copy, status=status))


async def with_files(before: WorkOrder, change: Change, unit: Unit, catalogue: Catalogue) -> Change:
    """The change of a step with the files that came with it, on the slip and in the step's event."""
    command = payload(unit, commands.WorkCommand)
    files = files_of(command.body)
    if not files:
        return change
    at, fact = _told(change.events)
    name = fact.step if isinstance(fact, WorkStepTaken) else fact.TYPE.split(".")[2]
    giving = Giving(before.request_id, name, actor_of(unit).by, unit.now, _whose(command))
    held, due = await checked(unit, catalogue, before.attachments, files, giving)
    events = (*change.events[:at], fact.model_copy(update={"attachments": files}), *change.events[at + 1 :])
    order = dataclasses.replace(
        change.order, attachments=(*before.attachments, *held), files_due_at=due or before.files_due_at
    )
    return Change(order, events)


async def checked(
    unit: Unit, catalogue: Catalogue, before: tuple[Given, ...], files: tuple[GivenFile, ...], giving: Giving
) -> tuple[list[Given], datetime | None]:
    """The files as they are kept, see `evidence.given`; and until when intake has to have told of them, where
    it has not yet.
    """
    settings = settings_with(catalogue, await unit.look(PropertyCopy, unit.cause.property_id))
    check_room(before, files, int(settings[FILES_MAX]))
    copies = await copies_of(unit, files)
    held = given(before, files, giving, copies)
    awaited = unconfirmed(held, giving.request_id, copies)
    return held, unit.now + timedelta(minutes=int(settings[CONFIRMED_WITHIN])) if awaited else None


async def copies_of(unit: Unit, files: Iterable[GivenFile | Given]) -> dict[str, AttachmentCopy]:
    """What intake has told of them by now."""
    found = await asyncio.gather(*(unit.look(AttachmentCopy, file.id) for file in files))
    return {copy.id: copy for copy in found if copy is not None}


def files_of(body: bodies.Body) -> tuple[GivenFile, ...]:
    """The files a caller gave with a step."""
    named = body.attachments if isinstance(body, bodies.StepBody) else ()
    return tuple(GivenFile(id=file.id, sha256=file.sha256, kind=file.kind) for file in named)


def _whose(command: commands.WorkCommand) -> Whose:
    """Whose drawn signature belongs to this step."""
    if isinstance(command, commands.SignSlip):
        return "owner" if command.body.signer == OWNER else "own"
    if isinstance(command, OWNER_DRAWS):
        return "owner"
    return "own" if isinstance(command, TAKER_DRAWS) else ""


def _told(events: tuple[Event, ...]) -> tuple[int, Event]:
    """The event of the step itself: the first that has room for files."""
    for at, event in enumerate(events):
        if "attachments" in type(event).model_fields:
            return at, event
    raise Bug("a step with files has no event that names them")
