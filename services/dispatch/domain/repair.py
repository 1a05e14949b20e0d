"""The steps of a repair, one by one (P020, P021, P022; 002 §五.2).

What may follow what stands in `repair_flow`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain.evidence import check_owner_mark
from services.dispatch.domain.flow import Actor, Change, at, check, lacks_role, moved, step
from services.dispatch.domain.model import Quote, Signature, WorkOrder
from services.dispatch.domain.onsite import (
    arrived,
    check_appointment,
    check_owner_material,
    check_rating,
    not_beside,
    not_punctual,
    not_the_worker,
    noted_materials,
    with_site,
    workers,
)
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.site import Used
from services.dispatch.domain.withdrawal import not_the_withdrawal_signer, sign_withdrawal
from shared.errors import Conflict, Forbidden, Invalid, demand
from shared.events.dispatch import QuoteLine, WorkCompleted, WorkPaidOff, WorkQuoted
from shared.events.envelope import Amount, Event
from shared.money import Money
from shared.texts.say import say, word, words

OWNER, TECHNICIAN = "owner", "technician"
WORKERS = frozenset({"technician", "repair_supervisor", "department_head"})


@dataclass(frozen=True, slots=True)
class Found:
    """What was found on the spot. `materials` None: nothing was said about material."""

    item: str
    differs: bool = False
    owner_material: str = "none"
    warned: bool = False
    materials: tuple[Used, ...] | None = None


def collect(order: WorkOrder, actor: Actor, now: datetime, taken_by: str = "") -> Change:
    """The department takes the slip (P027): the clocks of its return and of missing material start here."""
    line = check(REPAIR, order, "collect")
    if not taken_by and not actor.roles & WORKERS:
        raise Invalid(
            "taken-by",
            "Write down who of the department took the slip (P027).",
            field="taken_by",
            accepted="the id of somebody of the department",
        )
    after = taken_up(moved(order, line, now), taken_by or actor.by, now)
    return Change(after, (step(after, "collected", actor.by, now),))


def taken_up(order: WorkOrder, by: str, now: datetime) -> WorkOrder:
    """Who acts on a slip has it: where it was pushed, nobody has to say so first. The first time counts."""
    heard = dataclasses.replace(order, asked_at=None)
    return heard if order.collected_at else dataclasses.replace(heard, collected_at=now, collected_by=by)


def contact(
    order: WorkOrder,
    actor: Actor,
    now: datetime,
    appointment_at: datetime | None,
    words: str,
    ordered_by: str = "",
) -> Change:
    """The owner was called and a time agreed (P016, P022). A wish that has passed is no appointment."""
    after = moved(order, check(REPAIR, order, "contact"), now)
    check_appointment(appointment_at, now)
    wish = order.appointment_at if order.appointment_at is not None and order.appointment_at >= now else None
    after = dataclasses.replace(after, appointment_at=appointment_at or wish)
    if actor.roles & WORKERS:
        after = taken_up(after, actor.by, now)
    there = order.there
    if there.place == "away" or there.waiting_since is not None or ordered_by:
        place = "expected" if there.place == "away" else there.place
        after = with_site(after, place=place, waiting_since=None, ordered=there.ordered or bool(ordered_by))
    fact = step(after, "contacted", actor.by, now, words)
    facts: tuple[Event, ...] = (fact.model_copy(update={"appointment_at": after.appointment_at}),)
    if ordered_by and not there.ordered:
        facts = (*facts, step(after, "ordered_by_household", actor.by, now, ordered_by))
    return Change(after, facts)


def arrive(order: WorkOrder, actor: Actor, now: datetime, zone: str) -> Change:
    """The technician is there, on time; at a home he rings next (P016)."""
    line = check(REPAIR, order, "arrive")
    demand(not_punctual(order, now, zone))
    after = taken_up(arrived(moved(order, line, now)), actor.by, now)
    return Change(after, (step(after, "arrived", actor.by, now),))


def no_show(order: WorkOrder, actor: Actor, now: datetime, words: str) -> Change:
    """Nobody was at home: the owner is told and a new time has to be agreed."""
    after = moved(order, check(REPAIR, order, "no-show"), now)
    after = with_site(after, place="away" if after.status == order.status else "", rang_at=())
    after = with_site(after, no_shows=order.there.no_shows + 1)
    after = dataclasses.replace(after, appointment_at=None)
    return Change(after, (step(after, "no_show", actor.by, now, words),))


def confirm_item(order: WorkOrder, actor: Actor, now: datetime, found: Found) -> Change:
    """The fault as it really is (P022), the verdict on material the owner supplies, what is needed (P021)."""
    after = moved(order, check(REPAIR, order, "confirm-item"), now)
    check_owner_material(order, found.owner_material, found.warned)
    materials = noted_materials(order, found.materials)
    after = dataclasses.replace(
        after, item=found.item, item_differs=found.differs, owner_material=found.owner_material
    )
    if materials:
        after = with_site(after, materials=materials)
    return Change(after, (step(after, "item_confirmed", actor.by, now, found.item),))


def quote(
    order: WorkOrder, actor: Actor, now: datetime, quote_id: str, lines: tuple[QuoteLine, ...]
) -> Change:
    """What the work will cost, told before it begins (P014); an emergency is quoted afterwards.

    A new quote replaces the last.
    """
    after = moved(order, check(REPAIR, order, "quote"), now)
    after = dataclasses.replace(after, quote=Quote(quote_id, "offered", now))
    fact = WorkQuoted(
        work_order_id=order.id,
        request_id=order.request_id,
        quote_id=quote_id,
        procedure=order.procedure,
        slip=order.slip,
        lines=lines,
        quoted_by=actor.by,
        quoted_at=now,
    )
    return Change(after, (fact,))


def consented(order: WorkOrder, quote_id: str, total: Money, now: datetime) -> Change:
    """The owner agreed to this quote; one that was replaced meanwhile changes nothing."""
    if order.quote is None or order.quote.quote_id != quote_id or not order.open:
        return Change(order)
    after = dataclasses.replace(order, quote=dataclasses.replace(order.quote, state="consented", total=total))
    if after.status != "QUOTED":
        return Change(after)
    after = at(after, "CONSENTED", now)
    return Change(after, (step(after, "consented", "owner", now),))


def objected(order: WorkOrder, quote_id: str, now: datetime) -> Change:
    """The owner did not agree: work may not start (P022)."""
    if order.quote is None or order.quote.quote_id != quote_id or not order.open:
        return Change(order)
    after = dataclasses.replace(order, quote=dataclasses.replace(order.quote, state="refused"))
    if after.status != "QUOTED":
        return Change(after)
    after = at(after, "OBJECTED", now)
    return Change(after, (step(after, "objected", "owner", now),))


def start(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The work begins: after consent, or at once in an emergency or where nothing is charged."""
    after = taken_up(moved(order, check(REPAIR, order, "start"), now), actor.by, now)
    return Change(after, (step(after, "started", actor.by, now),))


def complete(order: WorkOrder, actor: Actor, now: datetime, words: str, *, cleaned: bool = False) -> Change:
    """The work is done; cleaning, if it is not done yet, and the signatures follow."""
    after = moved(order, check(REPAIR, order, "complete"), now)
    after = dataclasses.replace(after, done_at=now)
    facts: tuple[Event, ...] = (step(after, "repaired", actor.by, now, words),)
    if cleaned:
        after = with_site(after, cleaned_at=now)
        facts = (*facts, step(after, "cleaned", actor.by, now))
    return Change(after, facts)


def sign(
    order: WorkOrder, actor: Actor, now: datetime, signer: str, mark: str, rating: int | None = None
) -> Change:
    """One signature; with the last one the work counts as done (P022), or the withdrawal stands (P023)."""
    check(REPAIR, order, "sign")
    if order.status == "WITHDRAWAL_MARKED":
        return sign_withdrawal(order, actor, now, signer)
    if signer not in order.rules.signatures:
        accepted = words(order.rules.signatures)
        raise Invalid(
            "signer",
            say("Slip {slip} is not signed by {signer}.", slip=order.slip, signer=word(signer)),
            field="signer",
            accepted=accepted,
        )
    if signer in {s.signer for s in order.signatures}:
        raise Conflict(
            "already-signed",
            say("Slip {slip} is signed by {signer} already.", slip=order.slip, signer=word(signer)),
            field="signer",
        )
    if signer == OWNER:
        check_owner_mark(mark, "mark")
    check_rating(order, signer, rating)
    demand(not_the_signer(order, signer, actor))
    signed = (*order.signatures, Signature(signer, actor.by, now, mark))
    after = dataclasses.replace(order, signatures=signed)
    if rating is not None:
        after = with_site(after, rating=rating)
    if set(after.rules.signatures) - {s.signer for s in signed}:
        fact = step(after, f"signed_by_{signer}", actor.by, now)
        return Change(after, (fact.model_copy(update={"rating": rating}),))
    return _all_signed(after, actor, now, signer, rating)


def not_the_signer(order: WorkOrder, signer: str, actor: Actor) -> Forbidden | None:
    """Whether this person may record that signature: the owner's anybody at the slip, the technician's who
    did the work, every other who holds the role.
    """
    if signer == OWNER:
        return None
    if signer == TECHNICIAN and workers(order):
        return not_the_worker(order, actor)
    return lacks_role(actor, signer, "sign here") or not_beside(order, signer, actor)


def nothing_to_sign(order: WorkOrder, actor: Actor) -> Forbidden | None:
    """Why this person can sign nothing of what is still to be signed; None if he can."""
    if order.status == "WITHDRAWAL_MARKED":
        return not_the_withdrawal_signer(order, actor)
    signed = {s.signer for s in order.signatures}
    refusals = [not_the_signer(order, s, actor) for s in order.rules.signatures if s not in signed]
    return None if None in refusals or not refusals else refusals[0]


def _all_signed(order: WorkOrder, actor: Actor, now: datetime, signer: str, rating: int | None) -> Change:
    quoted = order.quote if order.quote is not None and order.quote.state == "consented" else None
    owed = quoted.total if quoted is not None and quoted.total is not None else None
    to_pay = owed is not None and owed.amount_minor > 0
    after = at(order, "SIGNED" if to_pay else "CLOSED", now)
    last = step(dataclasses.replace(after, status="SIGNED"), f"signed_by_{signer}", actor.by, now)
    facts = (
        last.model_copy(update={"rating": rating}),
        WorkCompleted(
            work_order_id=order.id,
            request_id=order.request_id,
            kind=order.kind,
            quote_id=quoted.quote_id if quoted is not None else "",
            amount=Amount(amount_minor=owed.amount_minor, currency=owed.currency)
            if owed is not None
            else None,
            signatures={s.signer: s.by for s in order.signatures},
            rating=order.there.rating,
            completed_at=now,
        ),
    )
    return Change(after, facts if to_pay else (*facts, paid_off(after, now)))


def settled(order: WorkOrder, now: datetime) -> Change:
    """Nothing is owed any more: the slip is closed."""
    if order.status not in ("SIGNED", "USED"):
        return Change(order)
    after = at(order, "CLOSED", now)
    return Change(after, (paid_off(after, now),))


def paid_off(order: WorkOrder, now: datetime) -> WorkPaidOff:
    """The fact that a work order is closed."""
    return WorkPaidOff(work_order_id=order.id, request_id=order.request_id, closed_at=now)
