"""A repair that is not done.

The owner withdraws on site (P023), or the caller changes his mind before it begins (J5).

Both keep the slip's number; nothing is erased.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from services.dispatch.domain.evidence import check_owner_mark
from services.dispatch.domain.flow import Actor, Change, at, check, lacks_role, moved, step
from services.dispatch.domain.model import Signature, Withdrawal, WorkOrder
from services.dispatch.domain.repair_flow import BEFORE_START, REPAIR
from services.dispatch.domain.side_flow import OUTSIDE, UNDONE
from shared.errors import Forbidden, Invalid, demand
from shared.events.dispatch import StepNote, WorkCancelled, WorkWithdrawn
from shared.texts.say import say, word, words


def withdraw(
    order: WorkOrder, actor: Actor, now: datetime, cause: str, reason: str, owner_mark: str
) -> Change:
    """The owner withdraws on site.

    His mark and reason now, the supervisor's signature at once or as the next step (P023).
    """
    after = moved(order, check(REPAIR, order, "withdraw"), now)
    check_owner_mark(owner_mark, "owner_mark")
    marked = Withdrawal(cause, reason, owner_mark, actor.by, now)
    after = dataclasses.replace(after, withdrawal=marked)
    if order.rules.withdrawal_signature in actor.roles:
        return sign_withdrawal(after, actor, now, order.rules.withdrawal_signature)
    return Change(after, (step(after, "withdrawal_marked", actor.by, now),))


def not_the_withdrawal_signer(order: WorkOrder, actor: Actor) -> Forbidden | None:
    """A withdrawal is signed by the supervisor alone (P023)."""
    return lacks_role(actor, order.rules.withdrawal_signature, say("sign a withdrawal"))


def sign_withdrawal(order: WorkOrder, actor: Actor, now: datetime, signer: str) -> Change:
    """The supervisor's signature, with which the withdrawal stands."""
    wanted = order.rules.withdrawal_signature
    if signer != wanted:
        detail = say(
            "The withdrawal of slip {slip} is signed by the {role}.", slip=order.slip, role=word(wanted)
        )
        raise Invalid("signer", detail, field="signer", accepted=words([wanted]))
    demand(not_the_withdrawal_signer(order, actor))
    assert order.withdrawal is not None
    after = at(order, "WITHDRAWN", now)
    after = dataclasses.replace(after, signatures=(*order.signatures, Signature(wanted, actor.by, now)))
    fact = WorkWithdrawn(
        work_order_id=order.id,
        request_id=order.request_id,
        slip=order.slip,
        reason=order.withdrawal.cause,
        owner_mark="recorded",
        supervisor_id=actor.by,
        withdrawn_at=now,
        personal_key=f"request:{order.request_id}",
        personal=StepNote(note=order.withdrawal.reason),
    )
    return Change(after, (fact,))


def cancelled(order: WorkOrder, now: datetime, reason: str, received_at: datetime) -> Change:
    """The caller changed his mind (J5): takes effect at once while the work has not begun.

    The slip keeps its number.
    """
    if not order.open:
        return Change(order)
    if order.status not in BEFORE_START | UNDONE | OUTSIDE:
        return Change(order, (step(order, "cancellation_too_late", "system", now),))
    after = at(order, "CANCELLED", now)
    fact = WorkCancelled(
        work_order_id=order.id,
        request_id=order.request_id,
        slip=order.slip,
        reason=reason,
        notice_received_at=received_at,
        confirmed_at=now,
    )
    return Change(after, (fact,))
