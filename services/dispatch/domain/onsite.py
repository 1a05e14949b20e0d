"""The steps at the door and inside, one by one (P016, P017; 001 §到業戶家中; 004 篇1).

What may follow what stands in `onsite_flow`; numbers of minutes are the catalogue's.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from services.dispatch.domain.flow import Actor, Change, check, moved, step
from services.dispatch.domain.model import WorkOrder
from services.dispatch.domain.repair_flow import REPAIR
from services.dispatch.domain.roster import Staff
from services.dispatch.domain.site import Site, Used
from shared.deadlines import zone_of
from shared.errors import Conflict, Forbidden, Invalid, demand
from shared.texts.say import as_is, say, word

WRITTEN_DOWN_WITHIN = timedelta(minutes=1)  # "now" may have passed while it was typed
DESK = "cs_officer"
BESIDE = {DESK: frozenset({DESK, "cs_supervisor"})}  # who may stand beside the worker where that role has to


def with_site(order: WorkOrder, **changes: Any) -> WorkOrder:
    """The order with its visit changed."""
    return dataclasses.replace(order, site=dataclasses.replace(order.there, **changes))


def first_site(ordered: bool, own_material: bool) -> Site | None:
    """What is known of a visit before it begins; nothing where nothing is special."""
    return None if ordered and not own_material else Site(ordered=ordered, own_material=own_material)


def clock(moment: datetime, zone: str) -> str:
    """The wall time as said at a desk."""
    return moment.astimezone(zone_of(zone)).strftime("%H:%M")


def check_appointment(at: datetime | None, now: datetime) -> None:
    """Raises Invalid for a time that has passed."""
    if at is not None and at < now - WRITTEN_DOWN_WITHIN:
        raise Invalid(
            "appointment-passed",
            "That time has passed already.",
            field="appointment_at",
            accepted="a time from now on",
        )


def not_punctual(order: WorkOrder, now: datetime, zone: str) -> Conflict | None:
    """Who comes late calls first, explains, and agrees on a new time (P016)."""
    agreed = order.appointment_at
    if agreed is None or not order.at_home:
        return None
    if now <= agreed + timedelta(minutes=order.rules.late_after_minutes):
        return None
    return Conflict(
        "too-late",
        say(
            "The owner expected somebody at {time}: call first, explain, "
            "and agree on a new time (P016). Slip {slip}.",
            time=clock(agreed, zone),
            slip=order.slip,
        ),
        field="action",
        accepted="late",
    )


def arrived(order: WorkOrder) -> WorkOrder:
    """At the door of a home, or on the spot where there is none."""
    place = "door" if order.at_home else "inside"
    visits = order.there.visits + 1
    return with_site(
        order,
        place=place,
        visits=visits,
        rang_at=(),
        form_confirmed=False,
        companion_id="",
        waiting_since=None,
    )


def bell_too_soon(order: WorkOrder, now: datetime, zone: str) -> Conflict | None:
    """Between two bells the minutes of the rule pass (P016)."""
    rang, wait = order.there.rang_at, order.rules.bell_wait_minutes
    if not rang or now >= rang[-1] + timedelta(minutes=wait):
        return None
    again = (rang[-1] + timedelta(minutes=wait)).astimezone(zone_of(zone))
    return Conflict(
        "bell-too-soon",
        say(
            "The bell was rung at {time}; ring again {minutes} minutes later, "
            "not before (P016). Slip {slip}.",
            time=clock(rang[-1], zone),
            minutes=wait,
            slip=order.slip,
        ),
        field="action",
        accepted=say("ring at {time} or later", time=again.strftime("%H:%M:%S")),
    )


def ring(order: WorkOrder, actor: Actor, now: datetime, zone: str) -> Change:
    """The bell; the second time not before the minutes of the rule are over, and never a third time."""
    check(REPAIR, order, "ring")
    demand(bell_too_soon(order, now, zone))
    rang = order.there.rang_at
    after = with_site(order, rang_at=(*rang, now))
    return Change(after, (step(after, f"bell_{len(rang) + 1}", actor.by, now),))


def show_form(order: WorkOrder, actor: Actor, now: datetime, confirmed: bool, words: str) -> Change:
    """The service form is shown at the door; without the owner's confirmation nobody goes in (P017)."""
    check(REPAIR, order, "show-form")
    after = with_site(order, form_confirmed=confirmed)
    name = "form_confirmed" if confirmed else "form_not_confirmed"
    return Change(after, (step(after, name, actor.by, now, words),))


def enter(order: WorkOrder, actor: Actor, now: datetime, companion: Staff | None) -> Change:
    """They go in, greet and introduce themselves, with customer service where the rules say so."""
    check(REPAIR, order, "enter")
    wanted = order.rules.companion
    if wanted and companion is None:
        raise Invalid(
            "companion",
            "Somebody of customer service goes in with the worker and stays beside him (P016).",
            field="companion_id",
            accepted=say("a {role} of this property", role=word(wanted)),
        )
    if wanted and companion is not None and companion.role not in BESIDE.get(wanted, {wanted}):
        raise Invalid(
            "companion",
            say("{id} is not of customer service.", id=companion.id),
            field="companion_id",
            accepted=say("a {role} of this property", role=word(wanted)),
        )
    after = with_site(order, place="inside", companion_id=companion.id if companion is not None else "")
    return Change(after, (step(after, "entered", actor.by, now),))


def leave(order: WorkOrder, actor: Actor, now: datetime, reason: str) -> Change:
    """The technician leaves a job that is not done; a new time has to be agreed."""
    check(REPAIR, order, "leave")
    after = dataclasses.replace(with_site(order, place="away"), appointment_at=None)
    return Change(after, (step(after, "left", actor.by, now, reason),))


def late(order: WorkOrder, actor: Actor, now: datetime, reason: str, appointment_at: datetime) -> Change:
    """The owner was called: the reason, and the new time (P016)."""
    check(REPAIR, order, "late")
    check_appointment(appointment_at, now)
    after = with_site(order, late=order.there.late + 1)
    after = dataclasses.replace(after, appointment_at=appointment_at)
    fact = step(after, "late", actor.by, now, reason)
    return Change(after, (fact.model_copy(update={"appointment_at": appointment_at}),))


def wait_for_owner(order: WorkOrder, actor: Actor, now: datetime, reason: str) -> Change:
    """Nothing goes on until the owner does something; his deadline does not pause."""
    check(REPAIR, order, "wait-owner")
    after = with_site(order, waiting_since=order.there.waiting_since or now)
    return Change(after, (step(after, "waiting_for_owner", actor.by, now, reason),))


def add_helper(order: WorkOrder, actor: Actor, now: datetime, helper: Staff) -> Change:
    """A second technician; the first stays responsible."""
    check(REPAIR, order, "add-helper")
    helpers = order.there.helpers
    if helper.id == order.assignee_id or helper.id in helpers:
        raise Conflict(
            "same-person",
            say("{id} is on slip {slip} already.", id=helper.id, slip=order.slip),
            field="staff_id",
        )
    if not helper.active:
        raise Conflict("staff-left", say("{id} does not work here any more.", id=helper.id), field="staff_id")
    after = with_site(order, helpers=(*helpers, helper.id))
    return Change(after, (step(after, "helper_added", actor.by, now),))


def clean(order: WorkOrder, actor: Actor, now: datetime) -> Change:
    """The place is clean; the owner may sign (P017)."""
    check(REPAIR, order, "clean")
    after = with_site(order, cleaned_at=now)
    return Change(after, (step(after, "cleaned", actor.by, now),))


def redo(order: WorkOrder, actor: Actor, now: datetime, reason: str) -> Change:
    """Not accepted on the spot: the same people go on (P016)."""
    after = moved(order, check(REPAIR, order, "redo"), now)
    after = dataclasses.replace(after, done_at=None, signatures=())
    if after.site is not None:
        after = with_site(after, cleaned_at=None)
    return Change(after, (step(after, "not_accepted", actor.by, now, reason),))


def noted_materials(order: WorkOrder, materials: tuple[Used, ...] | None) -> tuple[Used, ...]:
    """What stands on the form; in a public place the condition and the material have to (P021)."""
    if materials is None and order.area == "public" and order.kind == "repair" and not order.emergency:
        raise Invalid(
            "materials",
            "Write down which material this needs (P021).",
            field="materials",
            accepted="a list of material, empty if none is needed",
        )
    return materials or order.there.materials


def check_owner_material(order: WorkOrder, verdict: str, warned: bool) -> None:
    """Material of the owner is tested and marked; who uses bad material has been warned (P022)."""
    if verdict == "none" and order.there.own_material:
        raise Invalid(
            "owner-material",
            "The owner supplies the material: test it and write the verdict (P022).",
            field="owner_material",
            accepted="qualified, not_qualified, poor_quality",
        )
    if verdict in ("not_qualified", "poor_quality") and not warned:
        raise Invalid(
            "owner-not-warned",
            "Tell the owner what this material may lead to; then it is his choice (P022).",
            field="warned",
            accepted="true, once the owner has been warned",
        )


def check_rating(order: WorkOrder, signer: str, rating: int | None) -> None:
    """The owner rates what was done in his home when he signs (P017)."""
    if signer == "owner" and rating is None and order.at_home:
        raise Invalid(
            "rating",
            "Ask the owner how he rates the work (P017).",
            field="rating",
            accepted="1 to 5; 0 if he gives none",
        )


def workers(order: WorkOrder) -> tuple[str, ...]:
    """Who did the work: who has the slip, who helped him, and who began it before him."""
    return tuple(name for name in (order.assignee_id, *order.there.helpers, *order.there.worked) if name)


def not_the_worker(order: WorkOrder, actor: Actor) -> Forbidden | None:
    """As technician signs who did the work, whatever his role (P022)."""
    if actor.by in workers(order):
        return None
    return Forbidden(
        "not-the-worker",
        say("Slip {slip} is signed by who did the work (P022).", slip=order.slip),
        field="signer",
        accepted=as_is(", ".join(workers(order))),
    )


def not_beside(order: WorkOrder, signer: str, actor: Actor) -> Forbidden | None:
    """Customer service signs by who was beside the worker (P026)."""
    sent = as_is(order.notice.follower_id) if order.notice is not None else ""
    beside = as_is(order.there.companion_id) or sent
    if signer != DESK or not beside or actor.by == beside:
        return None
    return Forbidden(
        "not-beside",
        say("Slip {slip} is signed by who of customer service was there.", slip=order.slip),
        field="signer",
        accepted=beside,
    )
