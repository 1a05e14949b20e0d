"""Special clients: the director himself talks to them after handling, on a clock of his own (P009)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from services.intake.domain.bodies import Body, Id, Long
from services.intake.domain.contact import Contact
from services.intake.domain.request import Request
from shared.errors import Conflict, demand
from shared.kernel.unit import Command


class TalkBody(Body):
    """The director's own conversation, as a recorded contact, and whether the client is satisfied."""

    contact_id: Id
    outcome: Literal["SATISFIED", "CONTINUE"]
    note: Long = ""


class HoldTalk(Command):
    """The director has talked to the special client."""

    NAME: ClassVar[str] = "intake.hold_director_talk"
    request_id: str
    body: TalkBody


class WatchTalk(Command):
    """Timer: the director should have talked to the special client by now."""

    NAME: ClassVar[str] = "intake.watch_director_talk"
    request_id: str


def no_talk_due(request: Request) -> Conflict | None:
    """Why no conversation of the director is recorded, if none is due."""
    if request.talk.waiting:
        return None
    return Conflict(
        "no-talk-due",
        "No conversation of the director is due about this request (P009).",
        accepted="a special client's request that was handled",
    )


def held(request: Request, contact: Contact | None, body: TalkBody, by: str) -> Request:
    """The request after the conversation. Raises Conflict where none is due, or it was not his own."""
    demand(no_talk_due(request))
    own = contact is not None and contact.agent_id == by and contact.result == "reached"
    about = contact is not None and contact.about_request_id == request.id
    when = contact.started_at if contact is not None else None
    if not own or not about or when is None or request.closed_at is None or when < request.closed_at:
        raise Conflict(
            "not-talked-in-person",
            "This is no conversation of yours with the client after his matter was handled.",
            field="contact_id",
            accepted="your own contact about this request, after it ended, that reached him",
        )
    due_at = request.talk.due_at
    talk = replace(
        request.talk,
        waiting=False,
        held_at=when,
        held_by=by,
        contact_id=body.contact_id,
        late=due_at is not None and when > due_at,
        outcome=body.outcome,
    )
    return replace(request, talk=talk)
