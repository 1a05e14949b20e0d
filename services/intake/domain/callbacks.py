"""What a callback after a repair means for its request: tries are counted, a problem opens it again, the last
word ends it (P031, J7). Pure.
"""

from __future__ import annotations

from dataclasses import replace

from services.intake.domain.changes import going_on
from services.intake.domain.refusals import may_confirm, may_reopen
from services.intake.domain.request import Request, ended
from shared.events.dispatch_callbacks import CallbackAnswered, CallbackAttempted, CallbackClosed

CallbackEvent = CallbackAttempted | CallbackAnswered | CallbackClosed
CALLBACK_EVENTS = (CallbackAttempted, CallbackAnswered, CallbackClosed)


def by_callback(request: Request, event: CallbackEvent) -> Request:
    """The request after the event; the same one if it says nothing about it."""
    if isinstance(event, CallbackAttempted):
        return _tried(request, event)
    if isinstance(event, CallbackAnswered):
        again = event.opinion == "not_satisfied" and (may_reopen(request) or request.status == "SATISFIED")
        return going_on(request) if again else request
    return _over(request, event)


def _tried(request: Request, event: CallbackAttempted) -> Request:
    if not request.open:
        return request
    if event.result == "reached":
        return replace(request, unanswered_callbacks=0)
    return replace(request, unanswered_callbacks=request.unanswered_callbacks + event.counted)


def _over(request: Request, event: CallbackClosed) -> Request:
    """The last callback of the work that is done ends the request, if nothing is owed."""
    current = request.work is not None and request.work.work_order_id == event.work_order_id
    if not (event.last and current and request.open and may_confirm(request)):
        return request
    if event.result == "satisfied":
        return ended(request, "SATISFIED", event.closed_at)
    return ended(request, "UNREACHED", event.closed_at) if event.result == "unreached" else request
