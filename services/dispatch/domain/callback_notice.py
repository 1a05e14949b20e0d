"""The written notice of a problem found in a callback: read by who did the work, or his supervisor (P031)."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from services.dispatch.domain.assignment import SUPERVISORS
from services.dispatch.domain.callback import Callback, did_it
from services.dispatch.domain.flow import Actor
from shared.errors import Conflict, Forbidden, Rejected, demand
from shared.texts.say import as_is, say


def not_to_read(callback: Callback, actor: Actor) -> Rejected | None:
    """A notice is read once, and by nobody who has no part in it."""
    if not callback.notice_open:
        detail = "There is no notice about this callback that has not been read."
        return Conflict("no-notice", detail, field="callback_id", accepted="nothing")
    if actor.roles & SUPERVISORS or did_it(callback, actor):
        return None
    return Forbidden(
        "not-the-reader",
        say("The notice about slip {slip} is read by who did the work (P031).", slip=callback.slip),
        accepted=as_is(callback.technician_id) if callback.technician_id else "the repair supervisor",
    )


def notice_read(callback: Callback, actor: Actor, now: datetime) -> Callback:
    """The notice was read."""
    demand(not_to_read(callback, actor))
    return dataclasses.replace(callback, notice_open=False, notice_read_at=now, notice_read_by=actor.by)
