"""Notices that go to a post, not to somebody named: escalations, undecided deposits, emergencies."""

from __future__ import annotations

from dataclasses import replace

from services.notify.domain.copies import emergency_copy
from services.notify.domain.notices import Occasion, messages
from services.notify.domain.staff import StaffCopy
from shared.events.billing import ForfeitureOverdue
from shared.events.envelope import Amount
from tests.events import deadline_raised, emergency_raised
from tests.unit.notify.notice_kit import (
    CATALOGUE,
    ESTATE,
    LI,
    NIGHT,
    NOON,
    WANG,
    WORDS,
    accepted,
    copy_of,
    told,
)


def test_an_escalation_is_complete_in_itself() -> None:
    event = deadline_raised(NOON, personal=LI)
    [message] = told(event, None, procedure=None, stream="escalation:w1", lane="urgent", now=NIGHT)
    assert (message.recipient, message.queue, message.state) == ("staff:s7", "urgent", "queued")
    assert (message.stream, message.request_id) == ("escalation:w1", "r1")
    [nobody] = told(event.model_copy(update={"personal": None}), None, procedure=None)
    assert (nobody.recipient, nobody.plan) == ("staff:director", ())


def test_a_deposit_left_undecided_goes_to_the_post_that_decides() -> None:
    event = ForfeitureOverdue(
        deposit_id="d1",
        request_id="r1",
        amount=Amount(amount_minor=8_000, currency="CNY"),
        decide_by=NOON,
        step=0,
        to_role="director",
        raised_at=NOON,
    )
    rules = CATALOGUE.procedure("car-hire", "villa").notify
    assert rules is not None
    occasion = Occasion(
        cause_id="event-1",
        property_id="villa",
        stream="r1",
        lane="routine",
        event=event,
        now=NOON,
        request=copy_of(accepted()),
        configured=ESTATE,
        procedure=None,
        quiet=None,
    )
    [message] = messages(occasion, rules.notices[event.TYPE], WORDS)
    assert (message.recipient, message.audience, message.plan) == ("staff:director", "staff", ())
    assert "80.00" in message.text
    director = StaffCopy("villa", "gu", role="director", phone="+8613700137000")
    known = replace(occasion, staff={"post": (director,)})
    [message] = messages(known, rules.notices[event.TYPE], WORDS)
    assert (message.recipient, message.current.address) == ("staff:gu", "+8613700137000")


def test_an_emergency_stream_keeps_what_is_known_and_waits_for_nothing() -> None:
    raised = emergency_raised("r1", NOON, personal=WANG)
    alone = emergency_copy(None, "garden", "emergency:r1", raised)
    assert (alone.id, alone.request_id, alone.urgency, alone.phone) == (
        "emergency:r1",
        "r1",
        "emergency",
        WANG.phone,
    )
    known = emergency_copy(copy_of(accepted()), "garden", "emergency:r1", raised)
    assert (known.reference, known.version, known.id) == ("GD-1042", 0, "emergency:r1")
    again = emergency_copy(
        copy_of(accepted()), "garden", "emergency:r1", raised, replace(known, version=3)
    )  # raised again (J18)
    assert again.version == 3
