"""Files of a slip beside what intake told of them: contradicted, awaited, too many, or the very one kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest
import pytest_asyncio

from services.dispatch.audit import AUDIT
from shared.events.intake import AttachmentAdded, AttachmentRemoved
from shared.settings import Settings
from tests import sample_files
from tests.connected.attachment_kit import Sender
from tests.connected.audit_kit import GRACE, SECOND, overdue
from tests.connected.dispatch_desk import PROPERTY, Desk
from tests.connected.evidence_kit import (
    TECHNICIAN,
    added,
    hash_of,
    kept,
    named,
    open_files_desk,
    reported,
    step,
)
from tests.connected.intake_kit import Estate, running

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(desk_settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate."""
    async with open_files_desk(desk_settings) as made:
        yield made


async def test_a_file_that_contradicts_what_intake_told_is_refused(desk: Desk) -> None:
    request_id, order_id = await reported(desk)
    other_id, _ = await reported(desk)
    await step(desk, order_id, "collect")
    right, other = await kept(desk, request_id), await kept(desk, other_id)
    gone = added(request_id)
    await desk.hear(gone)
    await desk.hear(
        AttachmentRemoved(
            request_id=request_id,
            attachment_id=gone.attachment_id,
            kind="photo",
            sha256=gone.sha256,
            reason="another flat",
            removed_by="chen",
            removed_at=gone.added_at,
        )
    )
    drawn = await kept(desk, request_id, "signature")
    for files, status, field in (
        ([other], 422, "attachments.0.id"),
        ([right | {"sha256": hash_of("another")}], 422, "attachments.0.sha256"),
        ([right, right], 409, "attachments.1.id"),
        ([right | {"kind": "scan"}], 422, "attachments.0.kind"),
        ([named(gone)], 409, "attachments.0.id"),
        ([drawn], 422, "attachments.0.kind"),
        ([right | {"kind": "id_copy"}], 422, "attachments.0.kind"),
        ([right | {"sha256": "x"}], 422, "attachments.0.sha256"),
        ([right | {"name": "wang.jpg"}], 422, "attachments.0.name"),
        ([right] * 11, 422, "attachments"),
    ):
        refused = await desk.refused(TECHNICIAN, order_id, "contact", {"attachments": files}, sub="tech-1")
        assert (refused["status"], refused["field"].removeprefix("body.")) == (status, field), refused
        assert refused.get("accepted") or refused.get("errors")
    taken = await step(desk, order_id, "contact", right)
    assert [one["id"] for one in taken["attachments"]] == [right["id"]]


async def test_a_file_intake_has_not_told_of_yet_holds_nobody_up_and_is_shown_as_awaited(desk: Desk) -> None:
    request_id, order_id = await reported(desk)
    late, wrong = added(request_id), added(request_id)
    await step(desk, order_id, "collect", named(late), named(wrong, sha256=hash_of("something else")))
    assert [one["state"] for one in (await desk.read(order_id))["attachments"]] == ["awaited", "awaited"]
    await desk.hear(late)
    await desk.hear(wrong)
    shown = (await desk.read(order_id))["attachments"]
    assert [one["state"] for one in shown] == ["stored", "contradicted"]
    foreign = added(request_id)
    await desk.hear(foreign, property_id="elsewhere")
    await step(desk, order_id, "contact", named(foreign))
    shown = (await desk.read(order_id))["attachments"]
    assert shown[-1]["state"] == "awaited", "what another property told does not count here"


async def test_a_slip_has_a_bounded_number_of_files(desk: Desk) -> None:
    await desk.open_property(settings={"slip.attachments_max": 2})
    await desk.forget_looks()
    try:
        request_id, order_id = await reported(desk)
        files = [await kept(desk, request_id) for _ in range(3)]
        await step(desk, order_id, "collect", *files[:2])
        full = await desk.call(
            TECHNICIAN, "POST", f"work-orders/{order_id}/contact", {"attachments": files[2:]}, sub="tech-1"
        )
        assert (full.status_code, full.json()["accepted"]) == (413, "at most 2 files of one slip")
    finally:
        await desk.open_property()
        await desk.forget_looks()


async def test_the_file_intake_keeps_is_the_one_a_slip_names(desk: Desk, desk_settings: Settings) -> None:
    """From the telephone through intake's own event to the slip."""
    async with running(desk_settings) as (runtime, url):
        estate = Estate(runtime, url, PROPERTY)
        await estate.open()
        request_id = (await estate.accept())["id"]
        async with estate.client(TECHNICIAN, sub="tech-1") as client:
            sent = await Sender(estate, client).attach(request_id, sample_files.photo())
        row = await runtime.db["outbox"].find_one(
            {"property_id": PROPERTY, "stream": request_id, "type": AttachmentAdded.TYPE}
        )
        assert row is not None
    order_id = await desk.report(request_id, procedure="repair-report", area="public")
    await desk.hear(AttachmentAdded.model_validate_json(row["data"]))
    taken = await step(desk, order_id, "collect", {name: sent[name] for name in ("id", "sha256", "kind")})
    assert [(one["id"], one["state"]) for one in taken["attachments"]] == [(sent["id"], "stored")]


async def alarms(desk: Desk, order_id: str) -> list[str]:
    """To which roles it was told that a file of that slip is missing."""
    rows = await desk.told("work_order.alarm_raised", stream=f"escalation:{order_id}")
    facts = [orjson.loads(row["data"]) for row in rows]
    return [fact["to_role"] for fact in facts if fact["kind"] == "attachment_missing"]


HEARD = {"stored": [], "awaited": ["cs_supervisor"], "contradicted": ["cs_supervisor"]}


async def test_p022_a_file_that_never_came_or_is_another_one_is_an_alarm_after_an_hour(desk: Desk) -> None:
    for state, alarmed in HEARD.items():
        request_id, order_id = await reported(desk)
        late = added(request_id)
        said = named(late, sha256=hash_of("another")) if state == "contradicted" else named(late)
        await step(desk, order_id, "collect", said)
        if state != "awaited":
            await desk.hear(late)
        await desk.pass_time(minutes=59, seconds=59)
        assert await alarms(desk, order_id) == []
        await desk.pass_time(seconds=1)
        assert await alarms(desk, order_id) == alarmed, state
        await desk.pass_time(hours=2)
        assert await alarms(desk, order_id) == alarmed, "once"


async def test_p031_a_file_of_a_callback_that_never_came_is_an_alarm_after_an_hour(desk: Desk) -> None:
    request_id, order_id = await reported(desk, first_contact_id="lin")
    await desk.work_done(order_id, "tech-1")
    await desk.take("repair_supervisor", order_id, "sign", {"signer": "repair_supervisor"}, sub="boss-1")
    [callback] = (await desk.call("cs_officer", "GET", f"callbacks?work_order_id={order_id}")).json()["items"]
    scan = named(added(request_id, "scan"))
    said = {"result": "not_reached", "attachments": [scan]}
    answer = await desk.call("cs_officer", "POST", f"callbacks/{callback['id']}/attempt", said, sub="lin")
    assert answer.status_code == 200, answer.text
    timers = await desk.db["timers"].find({"command": "dispatch.check_callback"}).to_list()
    await desk.db["timers"].delete_many({"command": "dispatch.check_callback"})
    desk.clock.advance(timedelta(minutes=60) + GRACE + SECOND)
    late = {("attachment_missing", callback["id"])}
    assert await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY) >= late
    await desk.db["timers"].insert_many(timers)
    await desk.pass_time(seconds=0)
    assert await alarms(desk, order_id) == ["cs_supervisor"]
    assert not await overdue(AUDIT, desk.db, desk.clock.now(), PROPERTY) & late
