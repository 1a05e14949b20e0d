"""What goes wrong on the way to a person: lost answers, dead senders, channels that are down."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from pydantic import SecretStr

from services.notify import repository
from shared.clock import SystemClock
from shared.ids import new_id
from shared.settings import Settings
from tests.connected.intake_process import Ahead
from tests.connected.notify_kit import (
    MAIL_ONLY,
    WANG,
    Notify,
    accepted,
    notify,
    taken,
)
from tests.waiting import PATIENCE_SECONDS, until
from tools.gateway.faults import Fault
from tools.gateway.server import Running

pytestmark = pytest.mark.connected


async def test_an_answer_lost_is_asked_again_with_the_same_key_and_taken_once(
    front: Notify, servers: Running
) -> None:
    servers.sms_faults.plan(Fault("answer_lost"), 2)
    async with front.sending():
        await front.feed(accepted("r1"), "r1")

        async def sent() -> bool:
            return await front.states() == {"sent": 1}

        await until(sent)
    [message] = await front.messages()
    assert [a.outcome for a in message.attempts] == ["failed", "failed", "accepted"]
    assert taken(servers) == [message.current.key]
    assert len(await front.events("notify.message.sent.v1")) == 1


@pytest.mark.parametrize("lane", ["urgent", "routine"])
async def test_mail_whose_sender_died(sending_settings: Settings, servers: Running, lane: str) -> None:
    role = "front" if lane == "urgent" else "bulk"
    urgency = "urgent" if lane == "urgent" else "general"
    async with notify(sending_settings, role) as process:
        await process.configure()
        await process.feed(accepted("r1", urgency=urgency, personal=MAIL_ONLY), "r1")
        [message] = await process.messages()
        now = SystemClock().now()
        dead = await repository.claim(process.db, [message], new_id(), now, now + timedelta(seconds=0.3))
        assert [m.state for m in dead] == ["sending"]
        wanted = "sent" if lane == "urgent" else "unknown"
        async with process.sending():

            async def settled() -> bool:
                return await process.states() == {wanted: 1}

            await until(settled)
        rows = [(row["key"], row["repeated"]) for row in servers.mail_receipts.rows()]
        [settled_message] = await process.messages()
        if lane == "urgent":
            assert rows == [(message.current.key, True)]
            assert settled_message.attempt == 2
            assert servers.mailbox.newest(1)[0]["subject"].startswith("【重复】")
        else:
            assert rows == []
            assert len(await process.events("notify.message.unknown.v1")) == 1


async def test_two_senders_of_one_queue_never_send_twice(
    sending_settings: Settings, servers: Running
) -> None:
    async with notify(sending_settings) as one, notify(sending_settings) as other:
        await one.configure()
        for n in range(60):
            await one.feed(accepted(f"r{n}", personal=MAIL_ONLY if n % 2 else WANG), f"r{n}")
        async with one.sending(), other.sending():

            async def all_sent() -> bool:
                return await one.states() == {"sent": 60}

            await until(all_sent)
    keys = [*taken(servers), *(row["key"] for row in servers.mail_receipts.rows())]
    assert len(keys) == 60
    assert Counter(keys).most_common(1)[0][1] == 1


async def test_the_next_channel_takes_over_when_a_wording_is_not_approved(
    front: Notify, servers: Running
) -> None:
    servers.sms_faults.plan(Fault("reject"))
    async with front.sending():
        await front.feed(accepted("r1"), "r1")

        async def sent() -> bool:
            return await front.states() == {"sent": 1}

        await until(sent)
    [message] = await front.messages()
    assert (message.channel, [a.channel for a in message.attempts]) == ("email", ["sms", "email"])


async def test_a_gateway_that_is_down_gives_way_to_mail_and_emergencies_still_try(
    sending_settings: Settings, servers: Running
) -> None:
    settings = sending_settings.model_copy(
        update={
            "message_next_channel_seconds": (PATIENCE_SECONDS,) * 3,
            "breaker_failures_max": 2,
            "breaker_open_seconds": PATIENCE_SECONDS,
        }
    )
    clock = Ahead()
    servers.sms_faults.plan(Fault("error"), 10_000)
    async with notify(settings, clock=clock) as process:
        await process.configure()
        async with process.sending():
            await process.feed(accepted("r1"), "r1")
            await process.feed(accepted("r2", urgency="emergency"), "r2")

            async def spared() -> bool:
                """Two calls have failed for each, and a third try had its answer too."""
                return all(len(m.attempts) > 2 for m in await process.messages())

            async def by_mail() -> bool:
                return await process.states() == {"sent": 2}

            await until(spared)
            clock.by = timedelta(seconds=PATIENCE_SECONDS)
            await until(by_mail)
        urgent, emergency = sorted(await process.messages(), key=lambda m: m.request_id)
        assert (urgent.channel, emergency.channel) == ("email", "email")
        assert "circuit_open" in {a.reason for a in urgent.attempts}
        assert "circuit_open" not in {a.reason for a in emergency.attempts}


async def test_a_stopping_sender_finishes_what_is_on_its_way(
    front: Notify, servers: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notify.sender.GOODBYE_SECONDS", PATIENCE_SECONDS)
    servers.sms_faults.plan(Fault("delay", delay_ms=2_000))
    async with front.sending():
        await front.feed(accepted("r1"), "r1")

        async def claimed() -> bool:
            return await front.states() == {"sending": 1}

        await until(claimed)
    assert await front.states() == {"sent": 1}
    assert len(taken(servers)) == 1


async def test_no_gateway_set_up_means_mail(sending_settings: Settings, servers: Running) -> None:
    settings = sending_settings.model_copy(update={"gateway_url": "", "gateway_secret": SecretStr("")})
    async with notify(settings) as process:
        await process.configure()
        async with process.sending():
            await process.feed(accepted("r1"), "r1")

            async def sent() -> bool:
                return await process.states() == {"sent": 1}

            await until(sent)
    assert servers.mailbox.newest(1)[0]["to"] == WANG.email
