"""A callback after a repair (P031, P127): due, tried, answered, signed; once more after rain. Pure.

One callback is one round: an urgent repair has two, a leak one more after rain. The owner's word takes effect
when it is recorded; a callback by telephone counts as proven only with the signatures of different people.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from services.dispatch.domain.evidence import Given
from services.dispatch.domain.flow import Actor
from shared.errors import Conflict, Forbidden, Invalid, Rejected, demand
from shared.events.dispatch_callbacks import (
    CallbackKind,
    CallbackMethod,
    CallbackProblem,
    CallbackRound,
)
from shared.events.envelope import Lane
from shared.events.intake import Outcome
from shared.texts.say import say, words

Status = Literal["AWAITING_RAIN", "DUE", "ANSWERED", "CLOSED"]
Alarm = Literal["callback_late", "notice_late", "rain_missing", "attachment_missing"]
Result = Literal["", "satisfied", "problem", "unreached", "superseded", "ended"]
ATTEMPTS_MAX = 50  # kept; the count goes on
NO_RESULT_YET: frozenset[str] = frozenset({"AWAITING_RAIN", "DUE"})
BY_TELEPHONE: CallbackMethod = "phone"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach the owner. `counted`: at an allowed hour."""

    method: CallbackMethod
    result: Literal["reached", "not_reached"]
    counted: bool
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who vouches that the callback was made."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback of one slip. `stream` and `lane` are the work order's."""

    property_id: str
    id: str
    version: int = 0
    request_id: str = ""
    reference: str = ""
    work_order_id: str = ""
    slip: str = ""
    department: str = ""
    place: str = ""
    unit_id: str = ""
    stream: str = ""
    lane: Lane = "routine"
    technician_id: str = ""
    worker_ids: tuple[str, ...] = ()  # everybody who worked on it
    first_contact_id: str = ""
    kind: CallbackKind = "other"
    round: CallbackRound = "first"
    status: Status = "DUE"
    open: bool = True
    repaired_at: datetime | None = None
    scheduled_at: datetime | None = None
    due_at: datetime | None = None  # while it waits for rain: when that is told to somebody
    signatures_needed: int = 2  # of a callback by telephone
    attempts_min: int = 3
    notice_hours: int = 24
    attempts: tuple[Attempt, ...] = ()
    tried: int = 0
    unreached: int = 0  # at allowed hours, since the owner was last reached
    method: CallbackMethod | Literal[""] = ""
    opinion: Literal["", "satisfied", "not_satisfied"] = ""
    problem: CallbackProblem | Literal[""] = ""
    words: str = ""
    answered_at: datetime | None = None
    answered_by: str = ""
    on_behalf_reason: str = ""
    signatures: tuple[Signed, ...] = ()
    attachments: tuple[Given, ...] = ()
    files_due_at: datetime | None = None
    result: Result = ""
    ended_with: Outcome | Literal[""] = ""  # how the request ended, where that ended the callback
    closed_at: datetime | None = None
    notice_due_at: datetime | None = None
    notice_open: bool = False  # told in writing and not read yet
    notice_read_at: datetime | None = None
    notice_read_by: str = ""
    late_raised: bool = False
    notice_raised: bool = False
    rain_missed: bool = False
    rain_id: str = ""

    @property
    def signatures_missing(self) -> int:
        """How many have still to sign: one signs what was written or said face to face (P127)."""
        needed = self.signatures_needed if self.method in (BY_TELEPHONE, "") else 1
        return max(0, needed - len(self.signatures))


def did_it(callback: Callback, actor: Actor) -> bool:
    """Whether this person worked on it."""
    return actor.by in (callback.technician_id, *callback.worker_ids)


def own_work(callback: Callback, actor: Actor) -> Forbidden | None:
    """Never who did the work."""
    if not did_it(callback, actor):
        return None
    return Forbidden(
        "own-work",
        say("Whoever did the work of slip {slip} does not call back about it.", slip=callback.slip),
        accepted="somebody else of customer service",
    )


def not_due(callback: Callback) -> Conflict | None:
    """A callback is made while it is due."""
    if callback.status == "DUE":
        return None
    said = {
        "AWAITING_RAIN": "It is made after the next rain, and it has not rained yet.",
        "ANSWERED": "The owner has given his opinion already; signatures are missing.",
        "CLOSED": say("This callback is closed: {result}.", result=callback.result),
    }[callback.status]
    instead = {"AWAITING_RAIN": "record the rain", "ANSWERED": "sign"}.get(callback.status, "nothing")
    return Conflict("callback-not-due", said, field="callback_id", accepted=instead)


def not_to_call(callback: Callback, actor: Actor) -> Rejected | None:
    """Why this person does not call the owner now."""
    return not_due(callback) or own_work(callback, actor)


def not_to_sign(callback: Callback, actor: Actor) -> Rejected | None:
    """The second signature follows on the owner's word and is another person's (R18)."""
    if callback.status != "ANSWERED":
        detail = "There is nothing to sign before the owner has said something."
        first = Conflict("nothing-to-sign", detail, field="callback_id", accepted="record the opinion first")
        return not_due(callback) or first
    if refusal := own_work(callback, actor):
        return refusal
    if actor.by not in {s.by for s in callback.signatures}:
        return None
    return Conflict(
        "same-signer",
        "A callback by telephone is signed by two different people (R18), and you have signed already.",
        field="signer",
        accepted="somebody else of customer service",
    )


def not_to_give_up(callback: Callback) -> Rejected | None:
    """A callback is given up after so many tries (J7)."""
    if refusal := not_due(callback):
        return refusal
    if callback.unreached >= callback.attempts_min:
        return None
    return Conflict(
        "too-few-attempts",
        say("The owner was tried {unreached} times at allowed hours.", unreached=callback.unreached),
        accepted=say(
            "{attempts_min} recorded attempts at allowed hours without answer",
            attempts_min=callback.attempts_min,
        ),
    )


def attempted(callback: Callback, attempt: Attempt, actor: Actor) -> Callback:
    """A try without an opinion: nobody answered, or he wants to be called again."""
    demand(not_to_call(callback, actor))
    reached = attempt.result == "reached"
    return dataclasses.replace(
        callback,
        attempts=(*callback.attempts, attempt)[-ATTEMPTS_MAX:],
        tried=callback.tried + 1,
        unreached=0 if reached else callback.unreached + attempt.counted,
    )


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the owner said, and how he was asked."""

    opinion: Literal["satisfied", "not_satisfied"]
    method: CallbackMethod
    problem: CallbackProblem | Literal[""] = ""
    words: str = ""
    on_behalf_reason: str = ""


def answered(callback: Callback, said: Opinion, actor: Actor, now: datetime, read_by: datetime) -> Callback:
    """The owner's opinion; who recorded it has signed. Raises Invalid for one that says too little."""
    demand(not_to_call(callback, actor))
    unhappy = said.opinion == "not_satisfied"
    if unhappy and not said.problem:
        accepted = words(get_args(CallbackProblem))
        raise Invalid("problem", "What is wrong?", field="problem", accepted=accepted)
    if said.problem and not unhappy:
        detail = "An owner who is satisfied has no problem; record one or the other."
        raise Invalid("problem", detail, field="problem", accepted="empty")
    if callback.first_contact_id not in ("", actor.by) and not said.on_behalf_reason:
        raise Invalid(
            "not-the-first-contact",
            "The first contact calls back himself (P009); say why somebody else does.",
            field="on_behalf_reason",
            accepted="why the first contact cannot do it himself",
        )
    after = dataclasses.replace(
        callback,
        status="ANSWERED",
        tried=callback.tried + 1,
        unreached=0,
        method=said.method,
        opinion=said.opinion,
        problem=said.problem,
        words=said.words,
        on_behalf_reason=said.on_behalf_reason,
        answered_at=now,
        answered_by=actor.by,
        signatures=(Signed(actor.by, now),),
        notice_due_at=read_by if unhappy else None,
        notice_open=unhappy,
    )
    return _proven(after, now)


def signed(callback: Callback, actor: Actor, now: datetime) -> Callback:
    """The second signature, by another person (R18); it may follow on the next shift."""
    demand(not_to_sign(callback, actor))
    return _proven(
        dataclasses.replace(callback, signatures=(*callback.signatures, Signed(actor.by, now))), now
    )


def _proven(callback: Callback, now: datetime) -> Callback:
    if callback.signatures_missing:
        return callback
    return _closed(callback, "satisfied" if callback.opinion == "satisfied" else "problem", now)


def given_up(callback: Callback, now: datetime) -> Callback:
    """A supervisor closes it after so many tries; counted apart, never as satisfied (J7)."""
    demand(not_to_give_up(callback))
    return _closed(callback, "unreached", now)


def superseded(callback: Callback, now: datetime) -> Callback:
    """The work is done again; it is called back anew when that is over."""
    return _closed(callback, "superseded", now)


def ended_with(callback: Callback, outcome: Outcome, now: datetime) -> Callback | None:
    """The request has ended in intake; None where the callback goes on or is over.

    What nobody was asked about stays counted as not made. Rain tests a leak the owner is satisfied with too.
    """
    after_rain = callback.round == "rain" and outcome == "SATISFIED"  # also where it has rained meanwhile
    if callback.status not in NO_RESULT_YET or after_rain:
        return None
    after = dataclasses.replace(callback, ended_with=outcome)
    return _closed(after, "unreached" if outcome == "UNREACHED" else "ended", now)


def rained(callback: Callback, rain_id: str, due_at: datetime) -> Callback:
    """It has rained after the repair: the callback is due."""
    return dataclasses.replace(callback, status="DUE", due_at=due_at, rain_id=rain_id)


def _closed(callback: Callback, result: Result, now: datetime) -> Callback:
    return dataclasses.replace(callback, status="CLOSED", open=False, result=result, closed_at=now)
