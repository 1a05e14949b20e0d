"""What belongs to the developer or to an outside unit (P024, P025; 002 §五.2(4)f, 001 §(三).5).

Nobody is charged, the party has a deadline of its own, and the request stays with its first contact.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from services.dispatch.domain.flow import Actor, Change, check, lacks_role, moved, step
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.parties import Party
from services.dispatch.domain.repair import paid_off
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.side import Outside, OutsideKind
from shared.deadlines import add_calendar_days, months_later, zone_of
from shared.errors import Conflict, Invalid, demand
from shared.events.dispatch import WorkCompleted
from shared.moments import to_ms
from shared.texts.say import say, word, words

TAKES = {"warranty": ("developer",), "outside": ("developer", "outside_unit")}


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom it goes, with what, and until when; `due_at` None: within the catalogue's days.

    `delivered_on`: as said by who gives it, needed only where the unit's own is not recorded.
    """

    kind: OutsideKind
    item: str
    reason: str = ""
    delivered_on: date | None = None
    due_at: datetime | None = None


def reported(order: WorkOrder, actor: Actor, now: datetime, reason: str) -> Change:
    """It belongs to somebody else: the supervisor is told at once (P025)."""
    after = moved(order, check(REPAIR, order, "report-outside"), now)
    after = dataclasses.replace(after, outside=Outside("outside", reason, now))
    return Change(after, (step(after, "outside_reported", actor.by, now, reason),))


@dataclass(frozen=True, slots=True)
class Term:
    """What the catalogue says: the party's days, and the months of the warranty; 0: there is none."""

    days: int
    warranty_months: int
    zone: str


def transferred(
    order: WorkOrder, actor: Actor, now: datetime, to: Party, given: Handover, term: Term
) -> Change:
    """The party has it; its deadline takes the place of ours, and the chain begins anew."""
    after = moved(order, check(REPAIR, order, "transfer"), now)
    if given.kind == "warranty":
        role = order.rules.withdrawal_signature
        demand(lacks_role(actor, role, say("give a warranty item to the developer")))
        given = replace(given, delivered_on=_under_warranty(order, given.delivered_on, now, term))
    _check_party(to, given.kind)
    check_due(given.due_at, now)
    had = order.outside or Outside(given.kind, given.reason, now)
    outside = dataclasses.replace(
        had,
        kind=given.kind,
        party_id=to.id,
        party_name=to.name,
        item=given.item,
        delivered_on=given.delivered_on.isoformat() if given.delivered_on is not None else "",
        given_by=actor.by,
        given_at=now,
        answer_due_at=now + timedelta(hours=to.answer_within_hours),
        answered_at=None,
        late_told=False,
    )
    due = given.due_at or to_ms(add_calendar_days(now, term.days, term.zone))
    after = _due(dataclasses.replace(after, outside=outside, undone=None), due, now)
    return Change(after, (step(after, f"transferred_{given.kind}", actor.by, now, given.reason),))


def followed(
    order: WorkOrder, actor: Actor, now: datetime, words: str, answered: bool, due_at: datetime | None
) -> Change:
    """The party was asked; what it says about the time is its deadline from now on."""
    check(REPAIR, order, "follow-up")
    check_due(due_at, now)
    assert order.outside is not None
    first = order.outside.answered_at or (now if answered else None)
    after = _with(order, followed=order.outside.followed + 1, followed_at=now, answered_at=first)
    if due_at is not None:
        after = _due(after, due_at, now)
    return Change(after, (step(after, "followed_up", actor.by, now, words),))


def solved(order: WorkOrder, actor: Actor, now: datetime, solution: str, due_at: datetime) -> Change:
    """The supervisor has negotiated a solution (P025); customer service tells the owner."""
    after = moved(order, check(REPAIR, order, "set-solution"), now)
    check_due(due_at, now)
    after = _with(_due(after, due_at, now), solution=solution, owner_told_at=None, answered_at=now)
    return Change(after, (step(after, "solution_set", actor.by, now, solution),))


def told(order: WorkOrder, actor: Actor, now: datetime, words: str) -> Change:
    """The owner knows the solution."""
    check(REPAIR, order, "tell-solution")
    after = _with(order, owner_told_at=now)
    return Change(after, (step(after, "owner_told_solution", actor.by, now, words),))


def finished(order: WorkOrder, actor: Actor, now: datetime, words: str) -> Change:
    """The party is done. Nobody is charged; the first contact asks the owner."""
    after = dataclasses.replace(moved(order, check(REPAIR, order, "finish-outside"), now), done_at=now)
    assert order.outside is not None
    facts = (
        step(after, "outside_finished", actor.by, now, words),
        WorkCompleted(
            work_order_id=order.id,
            request_id=order.request_id,
            kind=order.kind,
            free=order.outside.kind,
            completed_at=now,
        ),
        paid_off(after, now),
    )
    return Change(after, facts)


def check_due(due_at: datetime | None, now: datetime) -> None:
    """Raises Invalid for a deadline that lies behind us."""
    if due_at is not None and due_at <= now:
        accepted = "a time after now"
        raise Invalid("due-passed", "That deadline has passed already.", field="due_at", accepted=accepted)


def _due(order: WorkOrder, due_at: datetime, now: datetime) -> WorkOrder:
    assert order.outside is not None
    order = _with(order, owner_due_at=order.outside.owner_due_at or order.due_at)
    return dataclasses.replace(order, due_at=due_at, clock_from=now, escalated_percent=0)


def _under_warranty(order: WorkOrder, said: date | None, now: datetime, term: Term) -> date:
    """From when the warranty counts: the unit's own day of delivery, else the one that is said.

    Raises Invalid for a day that contradicts what is recorded, lies ahead, or is too long before the report.
    """
    if not term.warranty_months:
        raise Invalid(
            "no-warranty",
            "The developer gives no warranty on this.",
            field="kind",
            accepted="outside, or work of our own",
        )
    recorded = date.fromisoformat(order.delivered_on) if order.delivered_on else None
    if recorded is not None and said not in (None, recorded):
        raise Invalid(
            "delivery-date",
            say(
                "Unit {unit_id} was delivered on {recorded}, as recorded with the unit (P024).",
                unit_id=order.unit_id,
                recorded=recorded,
            ),
            field="delivered_on",
            accepted=say("{recorded}, or nothing", recorded=recorded),
        )
    delivered_on = recorded or said
    if delivered_on is None or delivered_on > now.astimezone(zone_of(term.zone)).date():
        raise Invalid(
            "delivery-date",
            "The warranty counts from the day the unit was delivered; write it down (P024).",
            field="delivered_on",
            accepted="a date not after today, such as 2025-06-30",
        )
    reported = (order.reported_at or now).astimezone(zone_of(term.zone)).date()
    until = months_later(delivered_on, term.warranty_months)
    if reported > until:
        raise Invalid(
            "warranty-over",
            say(
                "A unit delivered on {delivered_on} was under warranty until {until}; "
                "this was reported on {reported} (P024).",
                delivered_on=delivered_on,
                until=until,
                reported=reported,
            ),
            field="delivered_on",
            accepted=say("a day after {day}", day=months_later(reported, -term.warranty_months)),
        )
    return delivered_on


def _check_party(to: Party, kind: OutsideKind) -> None:
    if to.kind not in TAKES[kind]:
        accepted = words(TAKES[kind])
        detail = say("{name} cannot take this: it is recorded as {kind}.", name=to.name, kind=word(to.kind))
        raise Invalid("party-kind", detail, field="party_id", accepted=accepted)
    if not to.active:
        raise Conflict(
            "party-inactive", say("{name} takes no work any more.", name=to.name), field="party_id"
        )


def _with(order: WorkOrder, **changes: Any) -> WorkOrder:
    assert order.outside is not None
    return dataclasses.replace(order, outside=dataclasses.replace(order.outside, **changes))
