"""What callers of notify get to read: a message with its attempts, its addresses masked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel

from services.notify.domain.commands import ResolveUnknown
from services.notify.domain.message import Audience, Language, Message, State, masked
from shared.http.actions import AllowedAction
from shared.policy import Policy


class AttemptAnswer(BaseModel):
    """One call of a channel."""

    number: int
    channel: str
    started_at: datetime
    outcome: str
    reason: str


class MessageAnswer(BaseModel):
    """A message and how it went. `address` is masked; text and subject are empty after their retention."""

    version: int
    message_id: str
    property_id: str
    request_id: str
    audience: Audience
    recipient: str
    template: str
    language: Language
    subject: str
    text: str
    state: State
    channel: str
    address: str
    urgent: bool
    repeated: bool
    reason: str
    resolved_by: str
    note: str
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    attempts: list[AttemptAnswer]
    allowed_actions: list[AllowedAction]


def message_answer(message: Message, roles: Collection[str], policy: Policy) -> MessageAnswer:
    """The message as somebody with these roles may see it."""
    address = message.current.address if message.plan else ""
    return MessageAnswer(
        version=message.version,
        message_id=message.id,
        property_id=message.property_id,
        request_id=message.request_id,
        audience=message.audience,
        recipient=message.recipient,
        template=message.template,
        language=message.language,
        subject=message.subject,
        text=message.text,
        state=message.state,
        channel=message.channel,
        address=masked(address),
        urgent=message.queue != "routine",
        repeated=message.repeats > 0,
        reason=message.reason,
        resolved_by=message.resolved_by,
        note=message.note,
        created_at=message.created_at,
        next_attempt_at=message.next_attempt_at,
        sent_at=message.sent_at,
        attempts=[
            AttemptAnswer(
                number=a.number,
                channel=a.channel,
                started_at=a.started_at,
                outcome=a.outcome,
                reason=a.reason,
            )
            for a in message.attempts
        ],
        allowed_actions=_actions(message, roles, policy),
    )


def _actions(message: Message, roles: Collection[str], policy: Policy) -> list[AllowedAction]:
    if not message.needs_a_person or not policy.may(roles, ResolveUnknown.NAME):
        return []
    path = f"/v1/properties/{message.property_id}/messages/{message.id}/resolve"
    return [AllowedAction(action=ResolveUnknown.NAME, path=path, body="ResolveBody")]
