"""What may be done with a request after it was accepted: urgency, cancellation, promise, confirmation,
reopening, giving up.

Each function answers with the changed request or raises Conflict (not in this state) or Invalid (not like
this). Who may do it is in policy.toml.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.intake.domain.bodies import CancelBody, LowerBody, PromiseBody, RaiseBody
from services.intake.domain.contact import Contact
from services.intake.domain.refusals import (
    not_to_ask_time,
    not_to_cancel,
    not_to_confirm,
    not_to_give_up,
    not_to_lower,
    not_to_promise,
    not_to_raise,
    not_to_reopen,
    not_to_take,
)
from services.intake.domain.request import Promise, Request, ended, staged
from services.intake.domain.times import Limits, check_fact, check_plan
from services.intake.domain.urgency import by_lists, check_lower, check_raise, decide
from services.intake.domain.watch import responds
from shared.catalogue.model import DispatchRules, IntakeRules
from shared.errors import Conflict, Invalid, demand
from shared.texts.say import say

NOTHING_PROMISED: dict[str, Any] = dict.fromkeys(("promised_at", "made_at", "watch_at"))
NOTHING_PROMISED |= {"made_by": "", "customer_named": False}


def raised(request: Request, body: RaiseBody, rules: IntakeRules) -> Request:
    """More urgent (ruling J18: by anyone). The lane stays as it was fixed."""
    demand(not_to_raise(request))
    check_raise(request.urgency, body.urgency)
    kept = request.hazard if by_lists(rules, request.hazard) != "general" else ""
    decided = decide(rules, body.hazard or kept, body.urgency)
    return replace(request, urgency=decided.urgency, urgency_by=decided.by, hazard=decided.hazard)


def overtakes(before: Request, after: Request, rules: DispatchRules | None) -> bool:
    """Whether the rise opens the urgent stream of an emergency, on which somebody is sent."""
    risen = after.urgency == "emergency" and before.urgency != "emergency"
    return risen and responds(before, rules)


def lowered(request: Request, body: LowerBody, rules: IntakeRules) -> Request:
    """Less urgent, never below what the lists say now (rulings J18, J14)."""
    floor = by_lists(rules, request.hazard)
    demand(not_to_lower(request, floor))
    check_lower(request.urgency, body.urgency, floor)
    return replace(request, urgency=body.urgency, urgency_by="person")


def cancel_asked(request: Request, body: CancelBody, now: datetime, limits: Limits) -> Request:
    """The caller changed his mind (ruling J5); the work side confirms, a request without work ends at
    once. One that is joined to another ends by itself: its slip is given back, or on its way back.
    """
    demand(not_to_cancel(request))
    received = body.notice_received_at or now
    check_fact(received, now, limits, "notice_received_at")
    if request.reported_at is not None and received < request.reported_at:
        raise Invalid(
            "times-out-of-order",
            "The notice cannot be older than the request.",
            field="notice_received_at",
            accepted=say("a time after {moment}", moment=request.reported_at.isoformat()),
        )
    nobody_works = not request.works or (request.joined_to != "" and request.work is None)
    noticed = staged(replace(request, notice_received_at=min(received, now), joined_to=""))
    return ended(noticed, "CANCELLED", now) if nobody_works else noticed


def time_asked(request: Request, wanted_at: datetime, now: datetime, limits: Limits) -> Request:
    """The customer demands a time; it is a supervisor's to decide, and nothing is promised yet (P012)."""
    demand(not_to_ask_time(request))
    check_plan(wanted_at, now, limits, "wanted_at")
    return replace(request, promise=replace(request.promise, wanted_at=wanted_at))


def promised(
    request: Request,
    body: PromiseBody,
    contact: Contact | None,
    *,
    customer_named: bool,
    by: str,
    now: datetime,
    limits: Limits,
) -> Request:
    """A time is promised, after the work is arranged; an earlier promise moves only with the customer,
    before it passed (P012, P013).
    """
    demand(not_to_promise(request))
    check_plan(body.promised_at, now, limits, "promised_at")
    earlier = request.promise
    if earlier.promised_at is not None:
        _check_moved(request, body, contact)
    return replace(
        request,
        promise=Promise(
            promised_at=body.promised_at,
            made_at=now,
            made_by=by,
            customer_named=customer_named,
            moved=earlier.moved + (earlier.promised_at is not None),
            missed=earlier.missed,
            missed_at=earlier.missed_at,
            watch_at=body.promised_at,
        ),
    )


def _check_moved(request: Request, body: PromiseBody, contact: Contact | None) -> None:
    earlier = request.promise
    told = contact is not None and contact.about_request_id == request.id and contact.result != "no_answer"
    when = contact.started_at if contact is not None else None
    if told and when is not None and earlier.made_at is not None and earlier.promised_at is not None:
        written = (contact.recorded_at if contact is not None else None) or when
        told = earlier.made_at <= when < earlier.promised_at and written < earlier.promised_at
    if not told:
        raise Conflict(
            "promise-not-discussed",
            "A promised time moves only with the customer, before it has passed (P013).",
            field="contact_id",
            accepted="a contact about this request, recorded after the promise and before its time",
        )
    if not body.reason:
        raise Invalid(
            "missing-reason",
            "Why does the time move?",
            field="reason",
            accepted="a reason the customer was told",
        )


def promise_passed(request: Request, promised_at: datetime, now: datetime) -> Request | None:
    """The promise counts as missed if it still stands and the work is not done; None if there is nothing
    to count.
    """
    if not promise_stands(request, promised_at):
        return None
    missed = request.promise.missed + 1
    return replace(request, promise=replace(request.promise, missed=missed, missed_at=now, watch_at=None))


def promise_stands(request: Request, promised_at: datetime) -> bool:
    """Whether this promise is still the one that was made, for work that is not done."""
    done = request.work is not None and request.work.completed_at is not None
    return request.open and not done and request.promise.promised_at == promised_at


def taken_over(request: Request, by: str) -> Request:
    """Somebody takes an item that came where nobody of ours was: from now on he is the first contact (P009).

    Raises Conflict where there is one already: that is never rewritten.
    """
    demand(not_to_take(request))
    return replace(request, first_contact_id=by, first_contact_due_at=None)


def check_on_behalf(request: Request, by: str, reason: str) -> str:
    """On whose behalf somebody acts who is not the first contact; he says why (P009).

    Empty: he is the first contact himself.
    """
    if by == request.first_contact_id:
        return ""
    if not reason:
        raise Invalid(
            "not-the-first-contact",
            "The first contact answers for this request (P009).",
            field="on_behalf_reason",
            accepted="why the first contact cannot do it himself",
        )
    return request.first_contact_id


def satisfied(request: Request, now: datetime) -> Request:
    """The owner is satisfied: possible once the work is closed and nothing is owed, or where there is no
    work.
    """
    demand(not_to_confirm(request))
    return ended(request, "SATISFIED", now)


def reopened(request: Request) -> Request:
    """The owner is not satisfied: the matter goes on, also after he could not be reached."""
    demand(not_to_reopen(request))
    return going_on(request)


def going_on(request: Request) -> Request:
    """The matter goes on: what was promised and counted for the last time is over."""
    work = request.work
    if work is not None:
        work = replace(work, step="reopened", completed_at=None, closed_at=None)
    return staged(
        replace(
            request,
            status="OPEN",
            closed_at=None,
            work=work,
            promise=replace(request.promise, **NOTHING_PROMISED),
            reopened=request.reopened + 1,
            unanswered_callbacks=0,
            talk=request.talk.again(),
        )
    )


def unreached(request: Request, attempts_min: int, now: datetime) -> Request:
    """Given up after the configured number of callbacks at allowed hours; counted apart, never as
    satisfied (ruling J7).
    """
    demand(not_to_give_up(request, attempts_min))
    return ended(request, "UNREACHED", now)


def called_back(request: Request, contact: Contact, *, quiet: bool) -> Request:
    """Counts an outgoing contact nobody answered, if it was made at an allowed hour; an answer starts the
    count again.
    """
    if contact.direction != "out":
        return request
    if contact.result == "reached":
        return replace(request, unanswered_callbacks=0)
    if contact.result == "no_answer" and not quiet:
        return replace(request, unanswered_callbacks=request.unanswered_callbacks + 1)
    return request
