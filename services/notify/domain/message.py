"""A message: who is told what, over which channels, and how it went so far.

The channel plan is tried in order (text message, then mail); what no channel took stays on a person's list
(`failed`, `unknown`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from shared import phones
from shared.errors import Conflict
from shared.events.envelope import Lane
from shared.texts.say import say, word

Audience = Literal["owner", "staff"]
Language = Literal["zh", "en"]
ChannelName = Literal["sms", "email", "training"]
Queue = Literal["emergency", "urgent", "routine"]
State = Literal["queued", "held", "sending", "sent", "failed", "unknown"]
Outcome = Literal["accepted", "rejected", "failed", "unknown"]

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
STATES: tuple[State, ...] = ("queued", "held", "sending", "sent", "failed", "unknown")
ATTEMPTS_KEPT = 10  # the newest attempts stay in the document, so that it cannot grow without end


@dataclass(frozen=True, slots=True)
class Hop:
    """One channel of the plan. `key` is idempotency key and Message-ID: the same each time it is tried."""

    channel: ChannelName
    address: str
    key: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a channel. `reason` is a short code (`timeout`, `smtp_451`), never a server's own words."""

    number: int
    channel: str
    started_at: datetime
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One text for one recipient.

    `stream` is where the event that caused it stood; what becomes of the message is told there.
    `next_attempt_at` is set while something is still to do: when to try (queued, held) or when the claim of a
    sender ends (sending). `attempt` counts claims.
    """

    property_id: str
    id: str
    request_id: str
    stream: str
    lane: Lane
    queue: Queue
    audience: Audience
    recipient: str
    template: str
    language: Language
    created_at: datetime
    version: int = 0
    subject: str = ""
    text: str = ""
    params: dict[str, str] | None = None
    provider_template: str = ""
    plan: tuple[Hop, ...] = ()
    hop: int = 0
    channel: str = ""
    state: State = "queued"
    attempt: int = 0
    channel_since: datetime | None = None
    claimed_at: datetime | None = None
    claim: str = ""
    next_attempt_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    repeats: int = 0
    reason: str = ""
    sent_at: datetime | None = None
    finished_at: datetime | None = None
    wipe_at: datetime | None = None
    resolved_by: str = ""
    note: str = ""
    traceparent: str = ""

    @property
    def current(self) -> Hop:
        """The hop that is tried now."""
        return self.plan[self.hop]

    @property
    def has_next_hop(self) -> bool:
        """Whether another channel is left."""
        return self.hop + 1 < len(self.plan)

    @property
    def needs_a_person(self) -> bool:
        """Whether it stands on a person's list."""
        return self.state in ("failed", "unknown")

    def wiped(self) -> Message:
        """The same without anything personal; what is left proves when somebody was told which wording."""
        plan = tuple(replace(h, address="") for h in self.plan)
        return replace(self, subject="", text="", params=None, note="", plan=plan, wipe_at=None)


def queue_of(lane: Lane, *, emergency: bool) -> Queue:
    """Emergencies have a queue of their own, so that nothing stands before them."""
    return "emergency" if emergency else lane


def check_open(message: Message) -> None:
    """Raise Conflict for a message that no person has to settle."""
    if not message.needs_a_person:
        detail = say(
            "the message is {state}; only one that failed or is unknown can be resolved",
            state=word(message.state),
        )
        raise Conflict("message-not-open", detail)


def masked(address: str) -> str:
    """An address as it may be shown: enough to recognise, not enough to use."""
    if "@" in address:
        name, _, domain = address.partition("@")
        return f"{name[:1]}***@{domain}"
    return phones.masked(address)
