"""Events of notify: what was said to whom, and how it went. No address and no wording stands here."""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Event, Moment


class MessageSent(Event):
    """A channel took the message over."""

    TYPE = "notify.message.sent.v1"
    SUBJECT = "message_id"
    message_id: str
    request_id: str
    audience: Literal["owner", "staff"]
    template: str
    channel: str
    attempts: int
    sent_at: Moment


class MessageFailed(Event):
    """Every attempt on every channel failed, or no address is known: a person has to tell them."""

    TYPE = "notify.message.failed.v1"
    SUBJECT = "message_id"
    message_id: str
    request_id: str
    audience: Literal["owner", "staff"]
    template: str
    channel: str
    reason: str
    failed_at: Moment


class MessageUnknown(Event):
    """A crash left it open whether the channel took the message; on a person's list (kernel T10)."""

    TYPE = "notify.message.unknown.v1"
    SUBJECT = "message_id"
    message_id: str
    request_id: str
    audience: Literal["owner", "staff"]
    template: str
    channel: str
    unknown_at: Moment
