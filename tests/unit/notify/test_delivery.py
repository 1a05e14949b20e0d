"""What follows from each answer of a channel, and what a dead sender leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notify.domain.commands import RecordAttempts
from services.notify.domain.delivery import Result, again, reclaim, record
from services.notify.domain.message import ATTEMPTS_KEPT, Hop, Message, Queue, masked
from services.notify.domain.retry import RetryRule
from services.notify.sender import _cause
from shared.events.notify import MessageFailed, MessageSent, MessageUnknown

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
DAY = timedelta(days=1)
RULE = RetryRule(base_seconds=2, cap_seconds=60, next_channel_seconds=120, give_up_seconds=600)
SMS = Hop("sms", "+8613800138000", "key-sms")
MAIL = Hop("email", "wang@example.org", "key-email")


def sending(*plan: Hop, queue: Queue = "routine", since: timedelta = timedelta(0), **more: Any) -> Message:
    return replace(
        Message(
            property_id="p1",
            id="m1",
            request_id="r1",
            stream="r1",
            lane="routine" if queue == "routine" else "urgent",
            queue=queue,
            audience="owner",
            recipient="owner:owner",
            template="request_accepted",
            language="zh",
            created_at=NOW,
            text="您好 王",
            plan=plan,
            channel=plan[0].channel,
            state="sending",
            attempt=1,
            claimed_at=NOW,
            channel_since=NOW - since,
            next_attempt_at=NOW + timedelta(seconds=60),
        ),
        **more,
    )


def after(message: Message, result: Result, number: int = 1, now: datetime = NOW):  # type: ignore[no-untyped-def]
    step = record(message, number, result, RULE, now, YEAR)
    assert step is not None
    return step


def test_accepted_is_sent_and_told() -> None:
    step = after(sending(SMS), Result("accepted"))
    assert (step.message.state, step.message.sent_at, step.message.next_attempt_at) == ("sent", NOW, None)
    assert step.message.wipe_at == NOW + YEAR
    assert isinstance(step.event, MessageSent)
    assert (step.event.channel, step.event.attempts) == ("sms", 1)


def test_failed_is_tried_again_on_the_same_channel_with_the_same_key() -> None:
    step = after(sending(SMS, MAIL), Result("failed", "timeout"))
    assert (step.message.state, step.message.current) == ("queued", SMS)
    assert NOW < step.message.next_attempt_at <= NOW + timedelta(seconds=3)
    assert step.event is None
    assert step.message.attempts[-1].reason == "timeout"


def test_rejected_goes_to_the_next_channel_at_once() -> None:
    step = after(sending(SMS, MAIL), Result("rejected", "template_not_approved"))
    assert (step.message.state, step.message.channel, step.message.next_attempt_at) == (
        "queued",
        "email",
        NOW,
    )
    assert step.message.channel_since is None


def test_a_channel_that_had_its_time_gives_way() -> None:
    step = after(sending(SMS, MAIL, since=timedelta(seconds=120)), Result("failed", "gateway_503"))
    assert step.message.channel == "email"


@pytest.mark.parametrize("result", [Result("rejected", "smtp_550"), Result("failed", "timeout")])
def test_after_the_last_channel_a_person_has_to_tell_them(result: Result) -> None:
    step = after(sending(SMS, MAIL, hop=1, channel="email", since=timedelta(seconds=600)), result)
    assert (step.message.state, step.message.needs_a_person) == ("failed", True)
    assert isinstance(step.event, MessageFailed)
    assert step.event.reason == result.reason


def test_unknown_is_a_persons_matter_when_routine() -> None:
    step = after(sending(MAIL), Result("unknown", "answer_lost"))
    assert step.message.state == "unknown"
    assert isinstance(step.event, MessageUnknown)


@pytest.mark.parametrize("queue", ["urgent", "emergency"])
def test_unknown_is_sent_once_more_and_marked_when_urgent(queue: Queue) -> None:
    step = after(sending(MAIL, queue=queue), Result("unknown", "answer_lost"))
    assert (step.message.state, step.message.repeats, step.event) == ("queued", 1, None)
    assert step.message.current.key == MAIL.key
    worn_out = after(sending(MAIL, queue=queue, repeats=RULE.repeats_max), Result("unknown", "answer_lost"))
    assert worn_out.message.state == "unknown"


def test_a_late_answer_of_an_earlier_attempt_counts_only_if_it_was_accepted() -> None:
    message = sending(SMS, attempt=2)
    assert record(message, 1, Result("failed", "timeout"), RULE, NOW, YEAR) is None
    step = record(message, 1, Result("accepted"), RULE, NOW, YEAR)
    assert step is not None
    assert step.message.state == "sent"
    assert record(step.message, 2, Result("accepted"), RULE, NOW, YEAR) is None
    unknown = replace(message, state="unknown")
    late = record(unknown, 1, Result("accepted"), RULE, NOW, YEAR)
    assert late is not None
    assert late.message.state == "sent"


def test_a_late_acceptance_names_the_channel_that_took_it() -> None:
    claimed = sending(SMS, attempt=1, channel="sms")
    report = _cause([(claimed, Result("accepted"))]).payload
    assert isinstance(report, RecordAttempts)
    mail_next = replace(claimed, state="queued", channel="email")
    late = record(mail_next, 1, Result("accepted", channel=report.results[0].channel), RULE, NOW, YEAR)
    assert late is not None
    assert late.message.channel == "sms"


def test_the_list_of_attempts_is_bounded() -> None:
    message = sending(SMS)
    for number in range(1, 50):
        step = after(message, Result("failed", "timeout"), number)
        message = replace(step.message, state="sending", attempt=number + 1)
    assert [a.number for a in message.attempts] == list(range(50 - ATTEMPTS_KEPT, 50))


@pytest.mark.parametrize(
    ("plan", "queue", "age", "choice"),
    [
        (SMS, "routine", timedelta(minutes=2), "again"),
        (SMS, "routine", timedelta(hours=25), "unknown"),
        (SMS, "urgent", timedelta(hours=25), "repeat"),
        (MAIL, "routine", timedelta(minutes=2), "unknown"),
        (MAIL, "urgent", timedelta(minutes=2), "repeat"),
        (MAIL, "emergency", timedelta(minutes=2), "repeat"),
        (Hop("training", "", "k"), "routine", timedelta(days=3), "again"),
    ],
)
def test_what_a_dead_sender_leaves_behind(plan: Hop, queue: Queue, age: timedelta, choice: str) -> None:
    assert reclaim(sending(plan, queue=queue, since=age), RULE, NOW, DAY) == choice


def test_a_person_sends_it_again_from_the_first_channel_marked() -> None:
    failed = after(sending(SMS, MAIL, hop=1, channel="email"), Result("rejected", "smtp_550")).message
    once_more = again(failed, NOW)
    assert (once_more.state, once_more.current, once_more.repeats) == ("queued", SMS, 1)
    assert once_more.wipe_at is None


def test_wiping_leaves_nothing_personal() -> None:
    done = after(sending(SMS, MAIL), Result("accepted")).message
    wiped = replace(done, params={"place": "3-2-1801"}, subject="王", note="王").wiped()
    text = repr(wiped)
    assert not any(secret in text for secret in ("王", "13800138000", "wang@", "1801"))
    assert (wiped.state, wiped.template) == ("sent", "request_accepted")


@pytest.mark.parametrize(
    ("address", "shown"),
    [("wang.xiaoming@example.org", "w***@example.org"), ("+8613800138000", "**********8000"), ("", "")],
)
def test_addresses_are_masked(address: str, shown: str) -> None:
    assert masked(address) == shown
