"""The gateways' own logs against what notify knows: nothing told twice, nothing lost, nothing from nowhere.

The gateway knows idempotency keys, so there a key is taken exactly once. SMTP does not (kernel T10): a
Message-ID may come again only where it is marked as repeated, and may be missing only where it is listed as
unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from tools.chaos.facts import Message, Order, Taken, Violation

TAKEN = "accepted"
SMS, EMAIL = "sms", "email"
ON_ITS_WAY = ("queued", "sending")
FIRST_CALL = frozenset({"new_work_order", "new_urgent_work_order", "emergency_call", "new_errand"})


def by_gateway(messages: Collection[Message], log: Iterable[Taken], now: datetime) -> Iterator[Violation]:
    """No key taken twice, none missing, none that notify does not know. The log may go on after `now`."""
    rows = [row for row in log if row.outcome == TAKEN]
    taken = Counter(row.key for row in rows)
    for key, count in taken.items():
        if count > 1:
            yield Violation("gateway-twice", key, f"the gateway took it {count} times")
    yield from _lost("gateway-missing", messages, SMS, taken)
    yield from _foreign("gateway-unknown", messages, SMS, rows, now)


def by_mail(messages: Collection[Message], log: Iterable[Taken], now: datetime) -> Iterator[Violation]:
    """No Message-ID twice but marked repeats, none missing but those listed unknown, none from nowhere."""
    rows = [row for row in log if row.outcome == TAKEN]
    plain = Counter(row.key for row in rows if not row.repeated)
    for key, count in plain.items():
        if count > 1:
            yield Violation("mail-twice", key, f"taken {count} times without the mark of a repeat")
    taken = Counter(row.key for row in rows)
    yield from _lost("mail-missing", messages, EMAIL, taken)
    yield from _foreign("mail-unknown", messages, EMAIL, rows, now)


def _lost(rule: str, messages: Iterable[Message], channel: str, taken: Counter[str]) -> Iterator[Violation]:
    for message in messages:
        if message.state == "sent" and message.channel == channel and not taken[message.key_on(channel)]:
            where = f"{message.property_id}:{message.id}"
            yield Violation(rule, where, f"notify says sent, the log has no {message.key_on(channel)}")


def _foreign(
    rule: str, messages: Iterable[Message], channel: str, rows: Iterable[Taken], now: datetime
) -> Iterator[Violation]:
    known = {message.key_on(channel) for message in messages}
    for key in {row.key for row in rows if row.at <= now} - known:
        yield Violation(rule, key, "the log has it, notify has no message with that key")


def under_way(messages: Iterable[Message], now: datetime) -> Iterator[Violation]:
    """At rest nothing is on its way any more; what failed or is unknown says why."""
    for message in messages:
        where = f"{message.property_id}:{message.id}"
        if message.state in ON_ITS_WAY:
            what = f"{message.template} is still {message.state}, next attempt {message.next_attempt_at}"
            yield Violation("message-unsent", where, what)
        elif message.state == "held" and (message.next_attempt_at is None or message.next_attempt_at <= now):
            yield Violation("message-unsent", where, f"{message.template} is held beyond its time")
        elif message.state in ("failed", "unknown") and not message.reason:
            yield Violation("message-unexplained", where, f"{message.template} is {message.state}, why?")


def called(messages: Iterable[Message], orders: Iterable[Order]) -> Iterator[Violation]:
    """Of every work order somebody was told, once."""
    calls = Counter((m.property_id, m.stream) for m in messages if m.template in FIRST_CALL)
    expected = Counter((order.property_id, order.stream) for order in orders)
    for key in calls.keys() | expected.keys():
        if calls[key] != expected[key]:
            what = f"{calls[key]} calls to staff for {expected[key]} work orders"
            yield Violation("call-to-staff", ":".join(key), what)
