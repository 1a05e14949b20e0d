"""The repair notice (維修通知單): filled by customer service, signed by the supervisor, then told (P026)."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from services.dispatch.domain.flow import Actor, Change, check, lacks_role, step
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.onsite import DESK
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.roster import Staff
from services.dispatch.domain.side import NoticeSigned
from shared.errors import Forbidden, Invalid, demand
from shared.texts.say import say


def not_the_notice_signer(order: WorkOrder, actor: Actor) -> Forbidden | None:
    """A notice is signed by the supervisor the rules name (P026)."""
    return lacks_role(actor, order.rules.notice_signature, say("sign the notice"))


def signed(order: WorkOrder, actor: Actor, now: datetime, follower: Staff | None) -> Change:
    """The supervisor's signature. Who goes along signs with the technician afterwards, else he alone."""
    check(REPAIR, order, "sign-notice")
    demand(not_the_notice_signer(order, actor))
    if follower is not None and follower.role != DESK:
        detail = say("{id} is not of customer service.", id=follower.id)
        raise Invalid("follower", detail, field="follower_id", accepted="a cs officer of this property")
    after = dataclasses.replace(order, notice=NoticeSigned(actor.by, now, follower.id if follower else ""))
    if follower is None and not (order.at_home and order.rules.companion):
        signatures = tuple(s for s in order.rules.signatures if s != DESK)
        after = dataclasses.replace(after, terms=dataclasses.replace(order.rules, signatures=signatures))
    return Change(after, (step(after, "notice_signed", actor.by, now),))
