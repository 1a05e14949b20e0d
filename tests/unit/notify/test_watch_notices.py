"""Who hears that dispatch is silent (J30): the person, the holders of the post, else the post's telephone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.notify.domain.message import Message
from services.notify.domain.notices import Occasion, messages
from services.notify.domain.staff import StaffCopy
from shared.catalogue.model import POST
from shared.events.intake_watch import WatchRaised
from tests.events import deadline_raised
from tests.unit.notify import notice_kit
from tests.unit.notify.notice_kit import CATALOGUE, NIGHT, QUIET, WORDS

ESTATE = replace(notice_kit.ESTATE, settings={"property.phones.duty_officer": "+8613800138111"})
CHIEF = StaffCopy("garden", "chief", role="duty_officer", name="Chen", phone="+8613900139000")
SILENT = WatchRaised(
    watch_id="r1",
    request_id="r1",
    kind="emergency_unanswered",
    urgency="emergency",
    reference="GD-1042",
    place="Pump room",
    count=1,
    step=1,
    to_role="duty_officer",
    due_at=NIGHT,
    raised_at=NIGHT,
)


def told(event: WatchRaised = SILENT, *staff: StaffCopy, configured: Any = ESTATE) -> list[Message]:
    """The messages of the event at night, with these people known for its post."""
    occasion = Occasion(
        cause_id="cause-1",
        property_id="garden",
        stream="watch:r1",
        lane="urgent",
        event=event,
        now=NIGHT,
        request=None,
        configured=configured,
        procedure=None,
        quiet=QUIET,
        staff={POST: staff},
    )
    notices = CATALOGUE.default_notices[WatchRaised.TYPE]
    return messages(occasion, notices, WORDS)


def test_j30_the_holder_of_the_post_is_called_at_once_also_at_night() -> None:
    [message] = told(SILENT, CHIEF)
    assert (message.recipient, message.template) == ("staff:chief", "emergency_unanswered")
    assert [(hop.channel, hop.address) for hop in message.plan] == [("sms", "+8613900139000")]
    assert (message.queue, message.state) == ("emergency", "queued")
    assert "GD-1042" in message.text
    assert "Pump room" in message.text


def test_j30_without_anybody_known_the_telephone_of_the_post_rings() -> None:
    [message] = told()
    assert [hop.address for hop in message.plan] == ["+8613800138111"]


def test_j30_without_any_address_the_message_stands_on_the_list_of_what_a_person_must_do() -> None:
    [message] = told(configured=replace(ESTATE, settings={}))
    assert message.plan == ()
    assert message.recipient == "staff:duty_officer"


def test_j30_late_slips_are_told_in_one_message_with_their_number() -> None:
    late = SILENT.model_copy(update={"kind": "slips_late", "count": 12, "urgency": "general"})
    [message] = told(late, CHIEF)
    assert message.template == "slips_not_out"
    assert "12" in message.text


def test_j21_the_last_resort_of_an_emergency_rings_at_the_post_where_nobody_is_known() -> None:
    raised = deadline_raised(
        NIGHT, kind="unassigned", urgency="emergency", step=1, to_role="hq_duty", place=""
    )
    phones = {**ESTATE.settings, "property.phones.hq_duty": "+8613800138222"}
    for settings, number in ((phones, "+8613800138222"), (ESTATE.settings, "+8613800138111")):
        occasion = Occasion(
            cause_id="cause-1",
            property_id="garden",
            stream="escalation:w1",
            lane="urgent",
            event=raised,
            now=NIGHT,
            request=None,
            configured=replace(ESTATE, settings=settings),
            procedure=None,
            quiet=QUIET,
        )
        [message] = messages(occasion, CATALOGUE.default_notices[raised.TYPE], WORDS)
        assert (message.recipient, message.plan[0].address) == ("staff:hq_duty", number)
        assert message.state != "held", "an emergency does not wait for the morning"
