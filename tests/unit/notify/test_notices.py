"""From events to messages: who is told, in which words, once, and under a key that never changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.notify.domain.copies import PropertyCopy
from services.notify.domain.notices import Occasion, Text, messages
from services.notify.domain.rendering import render, shown
from services.notify.words import ShippedWords
from shared.catalogue.wordings import Wordings
from shared.events.billing import PaymentReceived, QuoteConsented, QuoteOffered
from shared.events.envelope import Amount
from shared.events.intake import RequestAccepted, Requester
from tests.unit.notify.notice_kit import (
    CATALOGUE,
    ESTATE,
    LI,
    NIGHT,
    NOON,
    QUIET,
    WANG,
    accepted,
    copy_of,
    issued,
    told,
)


def test_the_owner_is_told_in_his_language_over_text_message_then_mail() -> None:
    [message] = told(accepted(), copy_of(accepted()))
    assert (message.audience, message.template, message.state) == ("owner", "request_accepted", "queued")
    assert [(h.channel, h.address) for h in message.plan] == [("sms", WANG.phone), ("email", WANG.email)]
    assert "GD-1042" in message.text
    assert "花园小区" in message.text
    english = accepted(personal=WANG.model_copy(update={"language": "en"}))
    [message] = told(english, copy_of(english))
    assert "The Garden" in message.text
    assert "GD-1042" in message.subject


def test_owner_and_staff_each_get_their_own() -> None:
    request = copy_of(accepted()).with_worker("w1", "2026-000123", LI)
    owner, staff = sorted(told(issued(), request), key=lambda m: m.audience)
    assert (owner.recipient, staff.recipient) == ("owner:owner", "staff:s7")
    assert "李师傅" in owner.text
    assert "2026-000123" in staff.text
    assert "3月4日12:00" in staff.text
    assert staff.plan[0].address == LI.phone


def test_keys_stay_when_a_handler_runs_again_and_differ_by_all_else() -> None:
    request = copy_of(accepted())
    [first], [again] = told(accepted(), request), told(accepted(), request)
    assert first == again
    [other_cause] = told(accepted(), request, cause_id="event-2")
    corrected = replace(request, phone="+8613811112222")
    [other_phone] = told(accepted(), corrected)
    assert other_phone.id == first.id  # the recipient is who he is, not his number
    owner, staff = told(issued(), request)
    ids = [first.id, other_cause.id, owner.id, staff.id]
    keys = [hop.key for m in (first, other_cause, owner, staff) for hop in m.plan]
    assert len(set(ids)) == 4
    assert len(set(keys)) == 8


def test_history_tells_nobody_and_replay_leaves_nothing_out() -> None:
    assert told(accepted(), copy_of(accepted(origin="history"))) == []
    [message] = told(accepted(), copy_of(accepted(origin="replay")))
    assert [(h.channel, h.address) for h in message.plan] == [("training", "")]


def test_a_training_property_sends_nothing_out() -> None:
    for message in told(issued(), copy_of(accepted()), estate=replace(ESTATE, training=True)):
        assert [h.channel for h in message.plan] == ["training"]


def test_who_was_erased_or_is_nobody_is_not_told() -> None:
    assert told(accepted(), copy_of(accepted(personal=None))) == []
    anonymous = accepted(personal=None, personal_key="")
    assert told(anonymous, copy_of(anonymous)) == []


def test_somebody_without_an_address_goes_to_the_list() -> None:
    nameless = accepted(personal=Requester(name="王小明"))
    [message] = told(nameless, copy_of(nameless))
    assert (message.plan, message.next_attempt_at) == ((), None)


def test_a_slip_nobody_holds_names_the_department() -> None:
    event = issued(personal=None, assignee_id="")
    staff = [m for m in told(event, copy_of(accepted())) if m.audience == "staff"]
    assert [(m.recipient, m.plan) for m in staff] == [("staff:engineering", ())]


def test_quiet_hours_hold_the_owner_not_the_staff() -> None:
    owner, staff = sorted(told(issued(), copy_of(accepted()), now=NIGHT), key=lambda m: m.audience)
    assert (owner.state, owner.next_attempt_at) == ("held", datetime(2026, 3, 2, 0, tzinfo=UTC))
    assert (staff.state, staff.next_attempt_at) == ("queued", NIGHT)


@pytest.mark.parametrize("estate", [ESTATE, None])
def test_an_emergency_is_never_held(estate: PropertyCopy | None) -> None:
    event = accepted(urgency="emergency")
    [message] = told(event, copy_of(event), now=NIGHT, estate=estate, lane="urgent")
    assert (message.queue, message.state) == ("emergency", "queued")
    assert message.template == "emergency_accepted"


def test_staff_without_a_contact_in_the_event_are_those_who_have_the_work() -> None:
    event = QuoteConsented(
        quote_id="q1",
        request_id="r1",
        work_order_id="w1",
        total=Amount(amount_minor=12_000, currency="CNY"),
        consented_by="owner",
        recorded_by="cs1",
        consented_at=NOON,
    )
    request = copy_of(accepted())
    assert [m.audience for m in told(event, request)] == ["owner"]
    owner, staff = sorted(told(event, request.with_worker("w1", "1", LI)), key=lambda m: m.audience)
    assert staff.recipient == "staff:s7"
    assert "120.00 CNY" in owner.text


def test_conditions_of_the_catalogue_are_kept() -> None:
    request = copy_of(accepted())
    money = {"amount": Amount(amount_minor=0, currency="CNY")}
    offer = QuoteOffered(
        quote_id="q",
        request_id="r1",
        work_order_id="w1",
        total=money["amount"],
        offered_at=NOON,
    )
    assert told(offer, request) == []
    paid = PaymentReceived(
        payment_id="p",
        request_id="r1",
        purpose="charge",
        method="cash",
        receipt="R-1",
        receipt_number=1,
        collected_by="cashier",
        received_at=NOON,
        **money,
    )
    assert [m.template for m in told(paid, request)] == ["payment_receipt"]


def test_a_wording_not_approved_for_text_messages_goes_by_mail() -> None:
    class Unapproved(ShippedWords):
        def text(self, template: str, language: Any) -> Text | None:
            found = super().text(template, language)
            return None if found is None else replace(found, sms=False)

    procedure = CATALOGUE.procedure("repair-report", "garden")
    assert procedure.notify is not None
    occasion = Occasion(
        "e", "garden", "r1", "routine", accepted(), NOON, copy_of(accepted()), ESTATE, procedure, QUIET
    )
    [message] = messages(
        occasion, procedure.notify.notices[RequestAccepted.TYPE], Unapproved(Wordings.shipped())
    )
    assert [h.channel for h in message.plan] == ["email"]


def test_a_value_is_never_read_as_a_wording() -> None:
    assert render("{place} {place}", {"place": "{owner_phone}"}) == "{owner_phone} {owner_phone}"
    assert render("{gone}!", {}) == "—!"
    assert shown("a\r\nBcc: x@y", "en", "UTC") == "a Bcc: x@y"


def test_every_notice_of_the_shipped_catalogue_has_a_handler() -> None:
    from services.notify.app import WIRING

    listed = set(CATALOGUE.default_notices)
    for profile in CATALOGUE.profiles.values():
        for name in profile.procedures:
            rules = CATALOGUE.procedure(name, profile.id).notify
            listed |= set(rules.notices) if rules else set()
    assert listed <= {kind.TYPE for kind in WIRING.events}
