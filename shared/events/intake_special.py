"""Events of intake about special clients: the director's conversation after handling (P009)."""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Event, Moment
from shared.events.intake_complaints import Said


class DirectorTalkDue(Event):
    """A special client's matter was handled: the director talks to him himself."""

    TYPE = "intake.director_talk.due.v1"
    request_id: str
    reference: str = ""
    place: str = ""
    due_at: Moment
    handled_at: Moment


class DirectorTalkHeld(Event):
    """The director has talked to him. CONTINUE: the matter goes on."""

    TYPE = "intake.director_talk.held.v1"
    request_id: str
    outcome: Literal["SATISFIED", "CONTINUE"]
    held_by: str
    late: bool
    held_at: Moment
    personal: Said | None = None


class DirectorTalkLate(Event):
    """The director has not talked to him in time: the urgent stream `escalation:<request_id>`."""

    TYPE = "intake.director_talk.late.v1"
    request_id: str
    reference: str = ""
    place: str = ""
    due_at: Moment
    raised_at: Moment
