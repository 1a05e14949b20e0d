"""Whether dispatch answers (J30): an emergency within seconds, every slip within its minutes. Pure.

A request that waits for dispatch carries the moment at which its silence is told, and loses it with the slip;
so what is watched is one look at an index, and a request that is answered costs nothing more. An emergency is
told for itself, step by step up the duty chain; of slips that are not out somebody is told once for all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.domain.request import Request, WatchFor
from shared.catalogue.model import DispatchRules
from shared.events.intake import Urgency
from shared.events.intake_watch import WatchRaised

LAST_POST = "duty_officer"  # whom a property names that has nobody in its chain
SHOWN_MAX = 3  # references named when slips are not out
LOST_RULES = DispatchRules(flow="repair", department="", kind="repair")  # the defaults, where there are none


@dataclass(frozen=True, slots=True)
class SlipWatch:
    """How far a property has been told that its slips are not out; one document a property, `id` its own."""

    property_id: str
    id: str
    version: int = 0
    step: int = 0
    since: datetime | None = None
    raised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """The slips of a property that are not out: how many, since when, and what some of them are called."""

    property_id: str
    count: int
    urgent: int
    oldest_at: datetime
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often silence is told again, from the property's settings."""

    emergency: timedelta
    otherwise: timedelta

    @classmethod
    def of(cls, settings: Mapping[str, str | int | bool]) -> Pace:
        """From the complete settings of a property."""
        return cls(
            timedelta(seconds=int(settings["watch.emergency_repeat_seconds"])),
            timedelta(minutes=int(settings["watch.repeat_minutes"])),
        )


def silence(rules: DispatchRules | None, urgency: Urgency, now: datetime) -> tuple[WatchFor, datetime | None]:
    """What dispatch has to do about a request that is accepted now, and until when it may be silent."""
    if rules is None:
        return "", None
    if urgency == "emergency":
        return "answer", now + timedelta(seconds=rules.emergency_answer_within_seconds)
    return "slip", now + timedelta(minutes=rules.slip_within_minutes)


def expected(request: Request, rules: DispatchRules | None, now: datetime) -> Request:
    """The request, watched from now on until its slip is out."""
    if not request.works or not request.open:
        return request
    return watched(request, rules, now)


def watched(request: Request, rules: DispatchRules | None, now: datetime) -> Request:
    """The request, watched from now on, whatever becomes of it."""
    what, at = silence(rules, request.urgency, now)
    return dataclasses.replace(request, watch_for=what, watch_at=at, watch_step=0)


def in_hand(request: Request) -> bool:
    """Whether a slip is out, or on its way, that becomes more urgent with the request."""
    waits = not request.joined_to and request.notice_received_at is None
    return request.works and waits and request.stage not in ("DONE", "TO_CONFIRM")


def responds(before: Request, rules: DispatchRules | None) -> bool:
    """Whether a rise to an emergency needs a response of its own: the lane is the slow one, or no slip is
    left that somebody would run with. An errand's slip is none: a desk arranges it, nobody runs with it.
    """
    errand = rules is not None and rules.kind == "errand"
    return before.lane == "routine" or errand or not in_hand(before)


def more_urgent(before: Request, after: Request, rules: DispatchRules | None, now: datetime) -> Request:
    """What became an emergency has to be answered like one: with a response where no slip answers it."""
    if after.urgency != "emergency" or before.urgency == "emergency":
        return after
    return watched(after, rules or LOST_RULES, now)  # until dispatch says that its slip runs faster


def answered(request: Request) -> Request:
    """Dispatch has answered, or nobody waits any more."""
    if request.watch_at is None:
        return request
    return dataclasses.replace(request, watch_at=None, watch_for="", watch_step=0)


def raised(
    request: Request,
    chain: Sequence[str],
    settings: Mapping[str, str | int | bool],
    now: datetime,
) -> tuple[Request, WatchRaised]:
    """The emergency told to the next of the duty chain, and when to tell again."""
    assert request.watch_at is not None
    step = request.watch_step + 1
    pace = Pace.of(settings)
    again = pace.emergency if step < len(chain) else pace.otherwise
    after = dataclasses.replace(request, watch_step=step, watch_at=now + again)
    post = _post(chain, step)
    fact = WatchRaised(
        watch_id=request.id,
        request_id=request.id,
        kind="emergency_unanswered",
        reference=request.reference,
        place=request.place,
        hazard=request.hazard,
        category=request.category,
        urgency=request.urgency,
        count=1,
        step=step,
        to_role=post,
        due_at=request.watch_at,
        raised_at=now,
    )
    return after, fact


def slips_raised(
    state: SlipWatch,
    overdue: Overdue,
    chain: Sequence[str],
    settings: Mapping[str, str | int | bool],
    now: datetime,
) -> tuple[SlipWatch, WatchRaised] | None:
    """The slips that are not out told to the next of the chain; None while somebody was told lately.

    A pause longer than two rounds begins anew with the first of the chain.
    """
    every = Pace.of(settings).otherwise
    if state.raised_at is not None and now < state.raised_at + every:
        return None
    goes_on = state.raised_at is not None and now < state.raised_at + 3 * every
    step = state.step + 1 if goes_on else 1
    since = state.since if goes_on and state.since is not None else now
    post = _post(chain, step)
    fact = WatchRaised(
        watch_id=state.property_id,
        kind="slips_late",
        reference=", ".join(overdue.references[:SHOWN_MAX]),
        urgency="urgent" if overdue.urgent else "general",
        count=overdue.count,
        step=step,
        to_role=post,
        due_at=overdue.oldest_at,
        raised_at=now,
    )
    return dataclasses.replace(state, step=step, since=since, raised_at=now), fact


def _post(chain: Sequence[str], step: int) -> str:
    """Who is told at that step: a role or a person; the last of the chain again and again."""
    return chain[min(step, len(chain)) - 1] if chain else LAST_POST
