"""What follows from the answer of a channel: sent, again, the next channel, a person's list (kernel T10)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.notify.domain.message import ATTEMPTS_KEPT, Attempt, ChannelName, Message, Outcome
from services.notify.domain.retry import RetryRule, channel_is_spent, next_attempt_at
from shared.events.envelope import Event
from shared.events.notify import MessageFailed, MessageSent, MessageUnknown

IDEMPOTENT: frozenset[ChannelName] = frozenset({"sms", "training"})  # the same key twice is one message
Changes = dict[str, Any]  # of a message: put together first, because each copy of a message takes time
Reclaim = Literal["again", "repeat", "unknown"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a channel said about one attempt.

    accepted: it took the message; rejected: it never will; failed: it did not, later it may; unknown:
    nobody can tell.
    """

    outcome: Outcome
    reason: str = ""
    retry_after_seconds: float = 0
    channel: str = ""  # set when another channel than the planned one was used (training)


@dataclass(frozen=True, slots=True)
class Step:
    """The message after a decision, and the fact to tell, if any."""

    message: Message
    event: Event | None = None


def record(
    message: Message, number: int, result: Result, rule: RetryRule, now: datetime, retention: timedelta
) -> Step | None:
    """The message after attempt `number`; None if the answer came too late and another attempt has decided.

    A late "accepted" always counts: it happened.
    """
    live = message.state == "sending" and message.attempt == number
    late_success = result.outcome == "accepted" and message.state in (
        "sending",
        "queued",
        "held",
        "unknown",
        "failed",
    )
    if not live and not late_success:
        return None
    channel = result.channel or message.channel
    attempt = Attempt(number, channel, message.claimed_at or now, result.outcome, result.reason)
    attempts = (*message.attempts, attempt)[-ATTEMPTS_KEPT:]
    noted: Changes = {"attempts": attempts, "reason": result.reason, "claim": "", "claimed_at": None}
    if result.outcome == "accepted":
        return sent(message, channel, now, retention, noted)
    if result.outcome == "rejected":
        return _next_channel(message, result.reason, now, retention, noted)
    if result.outcome == "unknown":
        return _unknown(message, rule, now, retention, noted)
    if channel_is_spent(rule, message.channel_since, now, has_next=message.has_next_hop):
        return _next_channel(message, result.reason, now, retention, noted)
    failures = sum(1 for a in attempts if a.channel == channel)
    due = next_attempt_at(rule, message.current.key, failures, now, result.retry_after_seconds)
    return Step(replace(message, **noted | {"state": "queued", "next_attempt_at": due}))


def reclaim(message: Message, rule: RetryRule, now: datetime, key_memory: timedelta) -> Reclaim:
    """What to do with a message whose sender died while it was `sending`.

    again: the channel knows the key; repeat: send once more, marked; unknown: a person has to find out.
    A gateway that has forgotten the key by now is no better than mail.
    """
    remembered = message.channel_since is None or now - message.channel_since < key_memory
    if message.channel == "training" or (message.channel in IDEMPOTENT and remembered):
        return "again"
    return "repeat" if _may_repeat(message, rule) else "unknown"


def sent(
    message: Message, channel: str, now: datetime, retention: timedelta, noted: Changes | None = None
) -> Step:
    """The message was taken over."""
    changes = _finished(now, retention, noted) | {
        "state": "sent",
        "channel": channel,
        "sent_at": now,
        "reason": "",
    }
    done = replace(message, **changes)
    event = MessageSent(
        message_id=done.id,
        request_id=done.request_id,
        audience=done.audience,
        template=done.template,
        channel=channel,
        attempts=max(done.attempt, 1),
        sent_at=now,
    )
    return Step(done, event)


def failed(
    message: Message, reason: str, now: datetime, retention: timedelta, noted: Changes | None = None
) -> Step:
    """No channel took it, or there is none: a person has to tell them."""
    done = replace(message, **_finished(now, retention, noted) | {"state": "failed", "reason": reason})
    event = MessageFailed(
        message_id=done.id,
        request_id=done.request_id,
        audience=done.audience,
        template=done.template,
        channel=done.channel,
        reason=reason,
        failed_at=now,
    )
    return Step(done, event)


def again(message: Message, now: datetime) -> Message:
    """A person wants it sent once more: from the first channel, with the same keys, marked as repeated."""
    return replace(
        message,
        state="queued",
        hop=0,
        channel=message.plan[0].channel,
        repeats=message.repeats + 1,
        channel_since=None,
        next_attempt_at=now,
        finished_at=None,
        wipe_at=None,
        reason="",
    )


def _may_repeat(message: Message, rule: RetryRule) -> bool:
    return message.queue != "routine" and message.repeats < rule.repeats_max


def _next_channel(message: Message, reason: str, now: datetime, retention: timedelta, noted: Changes) -> Step:
    if not message.has_next_hop:
        return failed(message, reason, now, retention, noted)
    hop = message.hop + 1
    changes = {"state": "queued", "hop": hop, "channel": message.plan[hop].channel}
    return Step(replace(message, **noted | changes | {"channel_since": None, "next_attempt_at": now}))


def _unknown(message: Message, rule: RetryRule, now: datetime, retention: timedelta, noted: Changes) -> Step:
    if _may_repeat(message, rule):
        changes = {"state": "queued", "repeats": message.repeats + 1, "next_attempt_at": now}
        return Step(replace(message, **noted | changes))
    done = replace(message, **_finished(now, retention, noted) | {"state": "unknown"})
    event = MessageUnknown(
        message_id=done.id,
        request_id=done.request_id,
        audience=done.audience,
        template=done.template,
        channel=done.channel,
        unknown_at=now,
    )
    return Step(done, event)


def _finished(now: datetime, retention: timedelta, noted: Changes | None) -> Changes:
    ended: Changes = {"next_attempt_at": None, "finished_at": now, "wipe_at": now + retention}
    return (noted or {}) | ended
