"""The commands about callbacks and rain; what timers and the rain ask for has no role in the policy."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from services.dispatch.domain import callback_bodies as bodies
from services.dispatch.domain.bodies import NoteBody
from services.dispatch.domain.callback import Alarm
from shared.kernel.unit import Command


class CallbackCommand(Command):
    """Base of what is done with one callback."""

    callback_id: str


class RecordAttempt(CallbackCommand):
    """The owner was tried."""

    NAME: ClassVar[str] = "dispatch.record_attempt"
    body: bodies.AttemptBody


class RecordOpinion(CallbackCommand):
    """The owner has said whether he is satisfied."""

    NAME: ClassVar[str] = "dispatch.record_opinion"
    body: bodies.OpinionBody


class SignCallback(CallbackCommand):
    """Another person vouches for a callback by telephone."""

    NAME: ClassVar[str] = "dispatch.sign_callback"
    body: NoteBody = NoteBody()


class CloseCallbackUnreached(CallbackCommand):
    """Nobody could be reached."""

    NAME: ClassVar[str] = "dispatch.close_callback_unreached"


class ReadNotice(CallbackCommand):
    """The notice about a problem has been read."""

    NAME: ClassVar[str] = "dispatch.read_notice"


class RecordRain(Command):
    """It has rained."""

    NAME: ClassVar[str] = "dispatch.record_rain"
    rain_id: str
    rained_at: datetime


class StartRainRound(CallbackCommand):
    """Rain: the callback after it is due."""

    NAME: ClassVar[str] = "dispatch.start_rain_round"
    rain_id: str
    rained_at: datetime


class FinishRain(Command):
    """Rain: every leak that waited for it has been started."""

    NAME: ClassVar[str] = "dispatch.finish_rain"
    rain_id: str


class CheckCallback(CallbackCommand):
    """Timer: was the callback made, its notice read, has it rained? It says nothing if what it asks moved."""

    NAME: ClassVar[str] = "dispatch.check_callback"
    alarm: Alarm
    due_at: datetime
