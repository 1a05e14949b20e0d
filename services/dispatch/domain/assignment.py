"""Who has a work order, and how it passes on: assigned, "cannot" (J6), handed over, nobody answers, recalled.

A department cannot refuse (R6): a person may say "cannot" with a reason and the next one is called at once.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any, Literal

from services.dispatch.domain.deadlines import EscalationKind
from services.dispatch.domain.errand import ERRAND
from services.dispatch.domain.flow import Actor, Flow, at, check, moved
from services.dispatch.domain.model import TRIED_MAX, WorkOrder
from services.dispatch.domain.onsite import with_site
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.roster import Staff
from services.dispatch.domain.routing import Choice
from shared.errors import Conflict, Forbidden, demand
from shared.events.dispatch import DeadlineRaised, StaffContact, WorkKind, WorkOrderAssigned
from shared.texts.say import listed, say, words

FLOWS: dict[WorkKind, Flow] = {"repair": REPAIR, "response": REPAIR, "errand": ERRAND}

SUPERVISORS = frozenset({"repair_supervisor", "department_head"})
Reason = Literal[
    "assigned", "cannot", "hand_over", "no_answer", "found", "urgency_raised", "amended", "notice_signed"
]


def contact_of(staff: Staff | None) -> StaffContact | None:
    """How to reach that person, for the personal part of an event."""
    if staff is None:
        return None
    return StaffContact(
        staff_id=staff.id, name=staff.name, phone=staff.phone, email=staff.email, language=staff.language
    )


def given(order: WorkOrder, choice: Choice, now: datetime) -> WorkOrder:
    """The order in the hands of the chosen person, who is called now, or of nobody yet."""
    order = _begun_by(order) if choice.staff is None or choice.staff.id != order.assignee_id else order
    if choice.staff is None:
        return dataclasses.replace(
            order, assignee_id="", asked_at=None, last_resort=choice.last_resort, looked_at=now
        )
    return dataclasses.replace(
        order, assignee_id=choice.staff.id, asked_at=now, last_resort=choice.last_resort
    )


def assign(order: WorkOrder, actor: Actor, staff: Staff, now: datetime) -> WorkOrder:
    """A supervisor gives the order to somebody.

    Raises Conflict where the flow or the person does not allow it, Forbidden for who may not give it out.
    """
    check(FLOWS[order.kind], order, "assign")
    demand(not_to_give_out(order, actor))
    return given(order, Choice(_available(staff)), now)


def not_to_give_out(order: WorkOrder, actor: Actor) -> Forbidden | None:
    """Urgent slips are given out by reception or any supervisor, general ones by the repair supervisor
    where there is one (P018, P019).
    """
    roles = order.rules.general_assigned_by
    if order.urgency != "general" or not roles or actor.roles & set(roles):
        return None
    detail = say("Slip {slip} is not urgent: the repair supervisor gives it out (P018).", slip=order.slip)
    return Forbidden("general-by-supervisor", detail, field="staff_id", accepted=listed(roles))


def cannot(order: WorkOrder, now: datetime) -> WorkOrder:
    """The assignee cannot: the order is free for the next person. Raises Conflict where nobody has it."""
    line = check(FLOWS[order.kind], order, "cannot")
    return moved(passed_over(order), line, now)


def hand_over(order: WorkOrder, actor: Actor, staff: Staff, now: datetime) -> WorkOrder:
    """A half-done job goes to somebody else; what was agreed and signed stays.

    Work that is done goes to who can still sign for it, where who did it is gone (P022).
    """
    check(FLOWS[order.kind], order, "hand-over")
    demand(not_to_hand_over(order, actor))
    if staff.id == order.assignee_id:
        raise Conflict("same-person", "This person has it already.", field="staff_id")
    return given(order, Choice(_available(staff)), now)


def not_to_hand_over(order: WorkOrder, actor: Actor) -> Forbidden | None:
    """Nobody takes another's finished work over to sign for it: a supervisor gives it to him (P022)."""
    if order.status != "REPAIRED" or actor.roles & SUPERVISORS:
        return None
    return Forbidden(
        "done-by-another",
        say("The work of slip {slip} is done: the repair supervisor gives it over (P022).", slip=order.slip),
        field="staff_id",
        accepted=words(sorted(SUPERVISORS)),
    )


def recalled(order: WorkOrder, now: datetime) -> WorkOrder:
    """An emergency is taken back from where nobody works on it, to be given out at once (J17, P020)."""
    after = dataclasses.replace(
        at(order, "ISSUED", now), undone=None, outside=None, withdrawal=None, assignee_id="", tried=()
    )
    return with_site(after, place="", rang_at=()) if after.site is not None else after


def not_done_yet(order: WorkOrder, now: datetime) -> WorkOrder:
    """What was repaired and not signed has not held: the work goes on, and whoever did it may be gone."""
    after = dataclasses.replace(at(order, "STARTED", now), done_at=None, signatures=())
    return with_site(after, place="away", cleaned_at=None)


def passed_over(order: WorkOrder) -> WorkOrder:
    """The assignee is not asked again for this order."""
    tried = tuple(dict.fromkeys((*order.tried, order.assignee_id)))[-TRIED_MAX:]
    return dataclasses.replace(_begun_by(order), assignee_id="", tried=tried)


def _begun_by(order: WorkOrder) -> WorkOrder:
    """Who had a slip when its work had begun has worked on it, whoever goes on."""
    if order.status not in ("STARTED", "REPAIRED") or not order.assignee_id:
        return order
    worked = tuple(dict.fromkeys((*order.there.worked, order.assignee_id)))[-TRIED_MAX:]
    return with_site(order, worked=worked)


def _available(staff: Staff) -> Staff:
    if not staff.active:
        raise Conflict("staff-left", say("{id} does not work here any more.", id=staff.id), field="staff_id")
    return staff


def reassigned(
    order: WorkOrder, reason: Reason, now: datetime, personal: StaffContact | None
) -> WorkOrderAssigned:
    """The fact that somebody else has it."""
    return WorkOrderAssigned(
        work_order_id=order.id,
        request_id=order.request_id,
        assignee_id=order.assignee_id,
        reason=reason,
        assigned_at=now,
        slip=order.slip,
        place=order.place,
        personal_key=f"person:{personal.staff_id}" if personal is not None else "",
        personal=personal,
    )


def alarm(
    order: WorkOrder, to_role: str, now: datetime, due_at: datetime, personal: StaffContact | None
) -> dict[str, Any]:
    """What every alarm about a slip says, complete in itself: nobody has to look the slip up."""
    return {
        "work_order_id": order.id,
        "request_id": order.request_id,
        "slip": order.slip,
        "department": order.department,
        "urgency": order.urgency,
        "to_role": to_role,
        "due_at": due_at,
        "raised_at": now,
        "place": order.place,
        "personal_key": f"person:{personal.staff_id}" if personal is not None else "",
        "personal": personal,
    }


def raised(
    order: WorkOrder,
    kind: EscalationKind,
    to_role: str,
    now: datetime,
    due_at: datetime,
    personal: StaffContact | None,
) -> tuple[WorkOrder, DeadlineRaised]:
    """The order with one more escalation counted, and the fact for its urgent stream, complete in itself."""
    after = dataclasses.replace(order, escalations=order.escalations + 1)
    fact = DeadlineRaised(**alarm(order, to_role, now, due_at, personal), kind=kind, step=after.escalations)
    return after, fact
