"""Who gets a work order: by skill, area, who is on now and load.

The last resort when nobody is (J6, J17, J21).

Loads are committed state and do not see the batch that is being decided, so "the least loaded" alone would
give five hundred simultaneous orders to one man. Orders are spread instead: every person draws a number from
a hash of order and person, weighted by how free he is, and the best draw wins. The same order always draws
the same numbers, in whatever order orders come.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.roster import OnDuty, Staff
from shared.events.dispatch import WorkKind

# Who does the work of a kind of order, and who gives it out and does it himself where the first is not there.
WORKER: Mapping[WorkKind, str] = {"repair": "technician", "response": "technician", "errand": "butler"}
SUPERVISOR: Mapping[WorkKind, str] = {
    "repair": "repair_supervisor",
    "response": "repair_supervisor",
    "errand": "butler_supervisor",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Who was chosen, or None where nobody could be. `last_resort`: the department had nobody (J21)."""

    staff: Staff | None
    last_resort: bool = False
    role: str = ""


def choose(
    order: WorkOrder, duty: Sequence[OnDuty], loads: Mapping[str, int], everybody: Sequence[Staff] = ()
) -> Choice:
    """The person of the department to call for this order; nobody who has said "cannot" before.

    Tiers, the first that has somebody wins: for an errand the butler of the household, or who covers him
    (`everybody` says so while he is off); on shift with the skill in that area, on shift with the skill, on
    call with the skill; for what cannot wait anybody who works there; their supervisor. Limits of load hold
    only for what can wait, and not when all are over them: a department does not refuse (R6).
    """
    if order.rules.supervisor_dispatches and order.urgency == "general" and order.kind != "response":
        supervisors = _of_role(order, duty, SUPERVISOR[order.kind])
        if supervisors:
            present = [d.staff for d in supervisors if not d.on_call]
            return Choice(draw(order.id, present or [d.staff for d in supervisors], loads))
    tiers = _tiers(order, duty, everybody)
    for tier in tiers:
        free = tier if order.emergency else [s for s in tier if loads.get(s.id, 0) < s.load_max]
        if free:
            return Choice(draw(order.id, free, loads))
    return Choice(draw(order.id, tiers[0], loads)) if tiers else Choice(None, last_resort=True)


def _of_role(order: WorkOrder, duty: Sequence[OnDuty], role: str) -> list[OnDuty]:
    return [d for d in duty if d.staff.role == role and d.staff.id not in order.tried]


def _tiers(order: WorkOrder, duty: Sequence[OnDuty], everybody: Sequence[Staff]) -> list[list[Staff]]:
    able = _of_role(order, duty, WORKER[order.kind])
    own = household_butlers(order.unit_id, able, everybody) if order.kind == "errand" else ()
    skilled = [d for d in able if not order.skill or order.skill in d.staff.skills]
    tiers = [
        [d.staff for d in own if not d.on_call],
        [d.staff for d in skilled if not d.on_call and covers(d.staff, order.building)],
        [d.staff for d in skilled if not d.on_call],
        [d.staff for d in skilled if d.on_call],
    ]
    if order.urgency != "general":
        tiers += [[d.staff for d in able if not d.on_call], [d.staff for d in able]]
    tiers.append([d.staff for d in _of_role(order, duty, SUPERVISOR[order.kind])])
    return [tier for tier in tiers if tier]


def household_butlers(unit_id: str, duty: Sequence[OnDuty], everybody: Sequence[Staff]) -> Sequence[OnDuty]:
    """Those on duty who look after that household; while they are off, those who cover them."""
    own = [d for d in duty if unit_id and unit_id in d.staff.households]
    if own or not unit_id:
        return own
    cover = {s.covered_by for s in everybody if s.covered_by and unit_id in s.households}
    return [d for d in duty if d.staff.id in cover]


def covers(staff: Staff, building: str) -> bool:
    """Whether the person works in that building."""
    return not staff.areas or not building or building in staff.areas


def draw(order_id: str, people: Sequence[Staff], loads: Mapping[str, int]) -> Staff:
    """The weighted draw; somebody with n open orders weighs 1/(1+n)². `people` is not empty."""
    return max(people, key=lambda s: (_score(order_id, s.id, loads.get(s.id, 0)), s.id))


def _score(order_id: str, staff_id: str, load: int) -> float:
    digest = hashlib.blake2b(f"{order_id}\x1f{staff_id}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(digest) + 1) / 2**64
    return -1 / ((1 + load) ** 2 * math.log(uniform)) if uniform < 1 else math.inf


def last_resort(
    chain: Sequence[str],
    duty: Sequence[OnDuty],
    everybody: Sequence[Staff],
    planned: frozenset[str],
    tried: Sequence[str],
) -> Choice:
    """The first of the chain who can be reached (J21): a person's id, or a role.

    Somebody of a role is reached if on duty, or if that role has no shifts at all (`planned` are the people
    who have some): managers work without a plan. Where nobody is reached the chain's first name stands, so
    that the alarm names somebody.
    """
    people = [s for s in everybody if s.active and s.id not in tried]
    on_now = {d.staff.id for d in duty}
    for entry in chain:
        named = [s for s in people if s.id == entry]
        of_role = [s for s in people if s.role == entry]
        unplanned = not any(s.id in planned for s in of_role)
        reached = named or [s for s in of_role if s.id in on_now] or (of_role if unplanned else [])
        if reached:
            best = min(reached, key=lambda s: (-s.rank, s.id))
            return Choice(best, last_resort=True, role=best.role)
    return Choice(None, last_resort=True, role=chain[0] if chain else "duty_officer")
