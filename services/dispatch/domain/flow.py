"""How a flow is written down.

One line per action, saying from where, to where, and what must hold besides.

A step that a line does not allow is refused with a sentence a receptionist understands, and with what can be
done instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.dispatch.domain.model import ENDED, Status, WorkOrder
from services.dispatch.domain.wording import ACTION, STATUS
from shared.errors import Conflict, Forbidden
from shared.events.dispatch import StepNote, WorkStepTaken
from shared.events.envelope import Event
from shared.texts.say import Said, say, word, words

Action = Literal[
    "collect",
    "cannot",
    "assign",
    "contact",
    "arrive",
    "no-show",
    "confirm-item",
    "quote",
    "start",
    "complete",
    "sign",
    "withdraw",
    "hand-over",
    "confirm-car",
    "unavailable",
    "taxi",
    "form-signed",
    "used",
    "confirm-cancellation",
    "ring",
    "show-form",
    "enter",
    "leave",
    "late",
    "wait-owner",
    "add-helper",
    "clean",
    "redo",
    "lack-material",
    "report-material",
    "file-purchase",
    "bought",
    "unobtainable",
    "return-undone",
    "sign-undone",
    "carry-on",
    "pass-undone",
    "tell-undone",
    "report-outside",
    "transfer",
    "follow-up",
    "set-solution",
    "tell-solution",
    "finish-outside",
    "sign-notice",
    "hand-in",
]

Why = Said | Literal[""]
Guard = Callable[[WorkOrder], Why]
NOT_NOW = say("not now")  # a guard that has nothing to say beyond what the status says


def always(order: WorkOrder) -> Why:
    """Nothing more has to hold."""
    return ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a flow. `target` empty keeps the status.

    `guard` answers "" or the sentence that says why not.
    """

    sources: frozenset[Status]
    target: Status | Literal[""] = ""
    guard: Guard = always


Flow = Mapping[Action, tuple[Line, ...]]


def assigned(order: WorkOrder) -> Why:
    """Only who has a slip can say that he cannot (J6)."""
    return "" if order.assignee_id else say("Nobody has this slip yet.")


def _handed_in(order: WorkOrder) -> Why:
    return "" if order.handed_in_at is None else say("The slip is at the office already.")


HANDLED: frozenset[Status] = frozenset(ENDED | {"SIGNED", "USED"})  # type: ignore[arg-type]
HAND_IN: Flow = {"hand-in": (Line(HANDLED, "", _handed_in),)}  # every handled slip, whatever its flow (P029)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step: the id of the person and the roles held in this property.

    `departments`: on whose rosters he stands; looked up for heads of a department alone.
    """

    by: str
    roles: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a work order, and the facts to tell."""

    order: WorkOrder
    events: tuple[Event, ...] = ()


def allowed(flow: Flow, order: WorkOrder) -> tuple[Action, ...]:
    """The actions that are possible now, whoever asks."""
    return tuple(action for action, lines in flow.items() if _line(lines, order) is not None)


def check(flow: Flow, order: WorkOrder, action: Action) -> Line:
    """The line that allows the action. Raises Conflict with the reason and what can be done instead."""
    lines = flow.get(action, ())
    line = _line(lines, order)
    if line is not None:
        return line
    said = [line.guard(order) for line in lines if order.status in line.sources]
    reasons = [sentence for sentence in said if sentence != NOT_NOW]
    plain = say("You cannot {act}: {status}.", act=ACTION[action], status=STATUS[order.status])
    why = reasons[0] if reasons else plain
    instead = words(allowed(flow, order)) or "nothing; this work order has ended"
    raise Conflict(
        "action-not-possible",
        say("{why} Slip {slip}.", why=why, slip=order.slip),
        field="action",
        accepted=instead,
    )


def _line(lines: tuple[Line, ...], order: WorkOrder) -> Line | None:
    return next((line for line in lines if order.status in line.sources and not line.guard(order)), None)


def moved(order: WorkOrder, line: Line, now: datetime) -> WorkOrder:
    """The work order after the line was taken."""
    return order if not line.target else at(order, line.target, now)


def at(order: WorkOrder, status: Status, now: datetime) -> WorkOrder:
    """The work order in that status; an ended one is no longer open."""
    ended = status in ENDED
    return dataclasses.replace(order, status=status, open=not ended, ended_at=now if ended else None)


def step(order: WorkOrder, name: str, by: str, now: datetime, words: str = "") -> WorkStepTaken:
    """The fact that a step was taken. What a person said goes into the sealed part."""
    return WorkStepTaken(
        work_order_id=order.id,
        request_id=order.request_id,
        step=name,
        status=order.status,
        by=by,
        taken_at=now,
        due_at=order.due_at,
        personal_key=f"request:{order.request_id}" if words else "",
        personal=StepNote(note=words) if words else None,
    )


def lacks_role(actor: Actor, role: str, what: str) -> Forbidden | None:
    """Forbidden unless the person holds the role here."""
    if role in actor.roles:
        return None
    return Forbidden(
        "signature-role",
        say("Only the {role} may {what}.", role=word(role), what=what),
        field="signer",
        accepted=role,
    )
