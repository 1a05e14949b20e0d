"""A new edition of the service guide reaches an owner (P015)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.events.intake_guide import GuideAnnounced
from tests.connected.notify_kit import WANG, Notify

pytestmark = pytest.mark.connected


async def test_p015_an_owner_hears_of_the_guide_in_his_language_after_the_quiet_hours(front: Notify) -> None:
    now = datetime.now(UTC)
    since, until_then = f"{now - timedelta(hours=1):%H:%M}", f"{now + timedelta(hours=2):%H:%M}"
    await front.configure(zone="UTC", settings={"quiet.from": since, "quiet.until": until_then})
    fact = GuideAnnounced(
        number=3, person_id="zhou", announced_at=now, personal=WANG, personal_key="person:zhou"
    )
    english = {"person_id": "smith", "personal": WANG.model_copy(update={"language": "en"})}
    for changed in ({}, english, {"person_id": "qian", "personal": None}):
        await front.feed(fact.model_copy(update=changed), "guide:garden", lane="routine")
    first, second = await front.messages()
    assert (first.recipient, first.queue, first.state) == ("owner:zhou", "routine", "held")
    assert "服务指南第3版" in first.text
    assert "edition 3 of our service guide" in second.text
    await front.configure(zone="UTC", training=True)
    await front.feed(fact.model_copy(update={"number": 4}), "guide:garden", lane="routine")
    [last] = await front.messages(recipient="owner:zhou", subject="服务指南第4版")
    assert [hop.channel for hop in last.plan] == ["training"]
