"""What is told about callbacks: not made, a notice not read, no rain (P031), a file not there. Pure."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from services.dispatch.domain.callback import Alarm, Callback


def alarms(callback: Callback) -> dict[Alarm, datetime]:
    """What will be told if nothing happens until then, and has not been told yet."""
    expected: dict[Alarm, datetime | None] = {}
    if callback.status == "DUE" and not callback.late_raised:
        expected["callback_late"] = callback.due_at
    if callback.status == "AWAITING_RAIN" and not callback.rain_missed:
        expected["rain_missing"] = callback.due_at
    if callback.notice_open and not callback.notice_raised:
        expected["notice_late"] = callback.notice_due_at
    expected["attachment_missing"] = callback.files_due_at
    return {alarm: at for alarm, at in expected.items() if at is not None}


def told(callback: Callback, alarm: Alarm) -> Callback:
    """The callback after that alarm was raised; each is raised once."""
    if alarm == "callback_late":
        return dataclasses.replace(callback, late_raised=True)
    if alarm == "notice_late":
        return dataclasses.replace(callback, notice_raised=True)
    if alarm == "attachment_missing":
        return dataclasses.replace(callback, files_due_at=None)
    return dataclasses.replace(callback, rain_missed=True)
