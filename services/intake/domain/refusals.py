"""Why a step on a request is not possible now: None, or the refusal (J23).

The commands raise what is answered here, and the list of allowed actions leaves the step out; so the two
cannot differ.
"""

from __future__ import annotations

from services.intake.domain.request import Request
from services.intake.domain.urgency import RANK
from services.intake.domain.watch import in_hand
from shared.errors import Conflict, TooLarge, demand
from shared.events.intake import Urgency
from shared.texts.say import say, word

OVER = ("DONE", "TO_CONFIRM")


def not_open(request: Request) -> Conflict | None:
    """Nothing is done with a request that has ended."""
    if request.open:
        return None
    return Conflict(
        "closed",
        say("The request ended as {status}.", status=word(request.status)),
        accepted="an open request",
    )


def check_open(request: Request) -> None:
    """Raise Conflict for a request that has ended."""
    demand(not_open(request))


def not_to_take(request: Request) -> Conflict | None:
    """The first contact is never rewritten (P009)."""
    if not request.first_contact_id:
        return not_open(request)
    return not_open(request) or Conflict(
        "has-first-contact",
        "Somebody is the first contact already; that never changes (P009).",
        field="first_contact_id",
        accepted="a step on his behalf, with a reason",
    )


def not_to_raise(request: Request) -> Conflict | None:
    """Nothing is more urgent than an emergency (J18)."""
    if request.urgency != "emergency":
        return not_open(request)
    return not_open(request) or Conflict(
        "not-higher", "It is an emergency already.", field="urgency", accepted="nothing is more urgent"
    )


def not_to_lower(request: Request, floor: Urgency) -> Conflict | None:
    """Never below what the lists say (J18)."""
    if RANK[request.urgency] > RANK[floor]:
        return not_open(request)
    if request.urgency == "general":
        return not_open(request) or Conflict(
            "not-lower", "It is general now.", field="urgency", accepted="nothing is less urgent"
        )
    return not_open(request) or Conflict(
        "below-the-list",
        say("The list makes this {urgency} (ruling J18).", urgency=word(floor)),
        field="urgency",
        accepted=say("not below {urgency}", urgency=word(floor)),
    )


def not_to_cancel(request: Request) -> Conflict | None:
    """A cancellation is asked for once, and before the work is done (J5)."""
    if refusal := not_open(request):
        return refusal
    if request.notice_received_at is not None:
        return Conflict(
            "cancelled-already",
            "A cancellation is waiting for its confirmation.",
            accepted="nothing: wait for it",
        )
    if request.stage in OVER:
        return Conflict(
            "work-done", "The work is done; it can no longer be cancelled.", accepted="confirm or reopen"
        )
    return None


def not_to_ask_time(request: Request) -> Conflict | None:
    """The customer demands a time for work that is still to come (P012)."""
    if refusal := not_open(request):
        return refusal
    if not request.works:
        return Conflict("no-work", "Nobody has to come for this request.", accepted="a request with work")
    if request.notice_received_at is not None:
        return Conflict("cancelled-already", "The request is being cancelled.", accepted="nothing")
    if request.stage in OVER:
        return Conflict("work-done", "The work is done.", accepted="confirm or reopen")
    return None


def not_to_promise(request: Request) -> Conflict | None:
    """A time is promised once the work is arranged, and before it is done (P012)."""
    if refusal := not_open(request):
        return refusal
    if request.notice_received_at is not None:
        return Conflict("cancelled-already", "The request is being cancelled.", accepted="nothing")
    if request.work is None or request.work.arranged_at is None:
        return Conflict(
            "not-arranged",
            "No time is promised before the work is arranged.",
            accepted="wait until somebody has it",
        )
    if request.work.completed_at is not None:
        return Conflict("work-done", "The work is done.", accepted="confirm or reopen")
    return None


def may_confirm(request: Request) -> bool:
    """Whether the owner can be asked if he is satisfied."""
    if request.process:
        return False
    return request.stage == "TO_CONFIRM" or (request.stage == "RECEIVED" and not request.works)


def not_to_confirm(request: Request) -> Conflict | None:
    """The owner is asked once the work is closed and nothing is owed, or where there is no work."""
    if may_confirm(request):
        return not_open(request)
    return not_open(request) or Conflict(
        "not-done",
        "The work is not closed and settled yet.",
        accepted="wait for the work and the account",
    )


def may_give_up(request: Request) -> bool:
    """Whether all is done but to hear the owner: then he may turn out to be out of reach (ruling J7)."""
    return may_confirm(request) or request.case_state in ("HANDLED", "INVALID", "DEFERRED")


def not_to_give_up(request: Request, attempts_min: int) -> Conflict | None:
    """The owner counts as out of reach after so many callbacks at allowed hours (J7)."""
    if refusal := not_open(request):
        return refusal
    if not may_give_up(request):
        return Conflict(
            "not-done",
            "The work is not closed and settled yet.",
            accepted="wait for the work and the account",
        )
    if request.unanswered_callbacks >= attempts_min:
        return None
    return Conflict(
        "too-few-callbacks",
        say(
            "The owner was called {n} times at allowed hours without answer.",
            n=request.unanswered_callbacks,
        ),
        accepted=say(
            "{n} recorded outgoing contacts about this request without answer",
            n=attempts_min,
        ),
    )


def may_reopen(request: Request) -> bool:
    """Whether there is a result the owner can be dissatisfied with; a complaint is verified instead."""
    if request.process:
        return request.status == "UNREACHED"
    return request.stage in {"DONE", "TO_CONFIRM"} or request.status == "UNREACHED"


def not_to_reopen(request: Request) -> Conflict | None:
    """Only what has a result is opened again."""
    if may_reopen(request):
        return None
    return Conflict(
        "not-done",
        "There is nothing to reopen.",
        accepted="work that is done, or a request closed as UNREACHED",
    )


def not_to_join(request: Request) -> Conflict | None:
    """Joined can be what is open, with work of its own that is not done, no errand, no money, and no
    emergency: that one keeps whoever runs for it (J7).
    """
    if refusal := not_open(request):
        return refusal
    errand = request.work is not None and request.work.kind == "errand"
    plain = not request.process and not errand and request.account.clear
    if in_hand(request) and plain and request.urgency != "emergency":
        return None
    return Conflict(
        "not-joined",
        "This request cannot be joined to another any more.",
        accepted="an open request that is no emergency, whose work is not done, without money",
    )


def no_room(count: int, count_max: int) -> TooLarge | None:
    """A request has a stated number of attachments."""
    if count < count_max:
        return None
    return TooLarge(
        "too-many-attachments",
        say("This request already has {count} attachments.", count=count),
        field="upload_id",
        accepted=say("at most {count_max} attachments of one request", count_max=count_max),
    )
