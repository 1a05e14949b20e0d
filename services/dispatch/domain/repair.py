"""The steps of a repair, one by one (P020, P021, P022; 002 §五.2).

What may follow what stands in `repair_flow`.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from services.dispatch.domain.flow import Actor, Change, at, check, moved, require_role, step
from services.dispatch.domain.model import Quote, Signature, WorkOrder
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.withdrawal import sign_withdrawal
from shared.errors import Conflict, Invalid
from shared.events.dispatch import QuoteLine, WorkCompleted, WorkPaidOff, WorkQuoted
from shared.events.envelope import Amount
from shared.money import Money

OWNER, TECHNICIAN = "owner", "technician"


def collect(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The department takes the slip (P027): the clocks of its return and of missing material start here."""
    after = moved(order, check(REPAIR, order, "collect"), now)
    first = {} if order.collected_at else {"collected_at": now, "collected_by": actor.by}
    after = dataclasses.replace(after, **first)  # type: ignore[arg-type]
    return Change(after, (step(after, "collected", actor.by, now),))


def contact(
    order: WorkOrder, actor: Actor, now: datetime, appointment_at: datetime | None, words: str
) -> Change:
    """The owner was called and a time agreed (P022)."""
    after = moved(order, check(REPAIR, order, "contact"), now)
    after = dataclasses.replace(after, appointment_at=appointment_at or order.appointment_at)
    fact = step(after, "contacted", actor.by, now, words)
    return Change(after, (fact.model_copy(update={"appointment_at": after.appointment_at}),))


def arrive(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The technician is there."""
    after = moved(order, check(REPAIR, order, "arrive"), now)
    return Change(after, (step(after, "arrived", actor.by, now),))


def no_show(order: WorkOrder, actor: Actor, now: datetime, words: str) -> Change:
    """Nobody was at home: the owner is told and a new time has to be agreed."""
    after = moved(order, check(REPAIR, order, "no-show"), now)
    after = dataclasses.replace(after, appointment_at=None)
    return Change(after, (step(after, "no_show", actor.by, now, words),))


def confirm_item(
    order: WorkOrder, actor: Actor, now: datetime, item: str, differs: bool, owner_material: str
) -> Change:
    """The fault as it really is (P022), and the verdict on material the owner supplies."""
    after = moved(order, check(REPAIR, order, "confirm-item"), now)
    after = dataclasses.replace(after, item=item, item_differs=differs, owner_material=owner_material)
    return Change(after, (step(after, "item_confirmed", actor.by, now, item),))


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
    after = moved(order, check(REPAIR, order, "start"), now)
    return Change(after, (step(after, "started", actor.by, now),))


def complete(order: WorkOrder, actor: Actor, now: datetime, words: str) -> Change:
    """The work is done; the signatures follow."""
    after = moved(order, check(REPAIR, order, "complete"), now)
    after = dataclasses.replace(after, done_at=now)
    return Change(after, (step(after, "repaired", actor.by, now, words),))


def sign(order: WorkOrder, actor: Actor, now: datetime, signer: str, mark: str) -> Change:
    """One signature; with the last one the work counts as done (P022), or the withdrawal stands (P023)."""
    check(REPAIR, order, "sign")
    if order.status == "WITHDRAWAL_MARKED":
        return sign_withdrawal(order, actor, now, signer)
    if signer not in order.rules.signatures:
        accepted = ", ".join(order.rules.signatures)
        raise Invalid(
            "signer", f"Slip {order.slip} is not signed by {signer}.", field="signer", accepted=accepted
        )
    if signer in {s.signer for s in order.signatures}:
        raise Conflict("already-signed", f"Slip {order.slip} is signed by {signer} already.", field="signer")
    if signer == OWNER and not mark:
        raise Invalid(
            "owner-mark",
            "The owner's signature is missing.",
            field="mark",
            accepted="what stands on the form",
        )
    if signer != OWNER and not (signer == TECHNICIAN and actor.by == order.assignee_id):
        require_role(actor, signer, "sign here")
    signed = (*order.signatures, Signature(signer, actor.by, now, mark))
    after = dataclasses.replace(order, signatures=signed)
    if set(after.rules.signatures) - {s.signer for s in signed}:
        return Change(after, (step(after, f"signed_by_{signer}", actor.by, now),))
    return _all_signed(after, actor, now, signer)


def _all_signed(order: WorkOrder, actor: Actor, now: datetime, signer: str) -> Change:
    quoted = order.quote if order.quote is not None and order.quote.state == "consented" else None
    owed = quoted.total if quoted is not None and quoted.total is not None else None
    to_pay = owed is not None and owed.amount_minor > 0
    after = at(order, "SIGNED" if to_pay else "CLOSED", now)
    facts = (
        step(dataclasses.replace(after, status="SIGNED"), f"signed_by_{signer}", actor.by, now),
        WorkCompleted(
            work_order_id=order.id,
            request_id=order.request_id,
            kind=order.kind,
            quote_id=quoted.quote_id if quoted is not None else "",
            amount=Amount(amount_minor=owed.amount_minor, currency=owed.currency)
            if owed is not None
            else None,
            signatures={s.signer: s.by for s in order.signatures},
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
