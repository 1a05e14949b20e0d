"""What a callback after a repair means for its request: tries are counted, a problem opens it again, the last
word ends it (P031, J7). Pure.
"""

from __future__ import annotations

from dataclasses import replace

from services.intake.domain.changes import going_on
from services.intake.domain.contact import Contact
from services.intake.domain.refusals import may_confirm, may_reopen
from services.intake.domain.request import Request, ended
from shared.errors import Invalid
from shared.events.dispatch_callbacks import CallbackAnswered, CallbackAttempted, CallbackClosed

CallbackEvent = CallbackAttempted | CallbackAnswered | CallbackClosed
CALLBACK_EVENTS = (CallbackAttempted, CallbackAnswered, CallbackClosed)


def check_record(request: Request, contact: Contact | None) -> None:
    """A callback record is mandatory (P009): the owner was reached, or came, after the work was done.

    Raises Invalid naming the field.
    """
    done_at = request.work.completed_at if request.work is not None else request.reported_at
    about = contact is not None and contact.about_request_id == request.id
    spoken = contact is not None and (contact.direction == "in" or contact.result == "reached")
    when = contact.started_at if contact is not None else None
    if not about or not spoken or when is None or (done_at is not None and when < done_at):
        raise Invalid(
            "no-callback-record",
            "Nobody has recorded how the owner was asked (P009).",
            field="contact_id",
            accepted="a contact about this request, after the work was done, in which the owner was reached",
        )


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
