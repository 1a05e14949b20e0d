"""Who may read which attachment, through which link, and that altered bytes never arrive."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from services.intake.domain.attachment import key_of
from shared.ids import new_id
from tests import sample_files as files
from tests.connected.attachment_kit import DESK, Sender, stored
from tests.connected.intake_kit import Estate, new_property
from tests.connected.intake_process import Ahead
from tests.connected.problems import problem
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


async def test_a_link_is_for_one_person_some_minutes_and_one_file(
    desk: Sender, supervisor: Sender, clock: Ahead
) -> None:
    request_id = (await desk.estate.accept())["id"]
    one, other = [await desk.attach(request_id, files.photo(size=size)) for size in ((64, 48), (48, 64))]
    url = await desk.link(one["id"])
    assert (await desk.client.get(url)).status_code == 200
    problem(await supervisor.client.get(url), 403, "link-not-valid")
    problem(await desk.client.get(url.replace(one["id"], other["id"])), 403, "link-not-valid")
    problem(await desk.client.get(url[:-1] + ("0" if url[-1] != "0" else "1")), 403, "link-not-valid")
    expires = int(url.split("expires=")[1].split("&")[0])
    for said in (str(expires + 60), "", "soon", "٣"):
        altered = url.replace(f"expires={expires}", f"expires={said}")
        problem(await desk.client.get(altered), 403, "link-not-valid")
    async with httpx.AsyncClient(verify=False, timeout=PATIENCE_SECONDS) as nobody:
        problem(await nobody.get(url), 401, "no-token")
    stranger = Estate(desk.estate.runtime, desk.estate.url, new_property())
    async with stranger.client(*DESK) as client:
        problem(await client.get(url), 404, "not-found")
    clock.by += timedelta(minutes=10)
    try:
        problem(await desk.client.get(url), 403, "link-expired")
    finally:
        clock.by = timedelta(0)
    problem(await desk.client.post(f"/attachments/{new_id()}/link"), 404, "not-found")


async def test_a_copy_of_an_identity_document_is_for_few_and_who_asked_is_written_down(
    desk: Sender, supervisor: Sender
) -> None:
    estate = desk.estate
    request_id = (await estate.accept())["id"]
    async with estate.client("technician", sub="wang") as client:
        technician = Sender(estate, client)
        problem(await technician.begin(b"x", "id_copy"), 403, "not-allowed")
    added = await desk.attach(request_id, files.photo(), "id_copy")
    assert [action["action"] for action in added["allowed_actions"]] == []
    problem(await desk.client.post(f"/attachments/{added['id']}/link"), 403, "not-allowed")
    shown = (await supervisor.client.get(f"/attachments/{added['id']}")).json()
    assert [action["action"].split(".")[1] for action in shown["allowed_actions"]] == [
        "link_sensitive_attachment",
        "remove_attachment",
    ]
    url = await supervisor.link(added["id"])
    assert (await supervisor.client.get(url)).status_code == 200
    lines = (await desk.client.get(f"/requests/{request_id}/timeline")).json()["items"]
    assert [(line["what"], line["who"]) for line in lines if line["what"].startswith("attachment")] == [
        ("attachment.added", "lin"),
        ("attachment.linked", "chen"),
    ]


async def test_who_does_the_work_sees_photographs_and_no_scans(desk: Sender) -> None:
    request_id = (await desk.estate.accept())["id"]
    photo = await desk.attach(request_id, files.photo())
    scan = await desk.attach(request_id, files.scan(), "scan")
    async with desk.estate.client("technician", sub="wang") as client:
        technician = Sender(desk.estate, client)
        assert (await client.get(await technician.link(photo["id"]))).status_code == 200
        problem(await client.post(f"/attachments/{scan['id']}/link"), 403, "not-allowed")
        assert (await technician.attach(request_id, files.photo()))["added_by"] == "wang"
        problem(await client.get(f"/requests/{request_id}"), 403, "not-allowed")
        listed = (await client.get(f"/requests/{request_id}/attachments", params={"limit": 2})).json()
        assert [one["kind"] for one in listed["items"]] == ["photo", "scan"]
        rest = (
            await client.get(f"/requests/{request_id}/attachments", params={"cursor": listed["next"]})
        ).json()
        assert ([one["added_by"] for one in rest["items"]], rest["next"]) == (["wang"], None)
    async with desk.estate.client("gate_guard", sub="zhao") as client:
        assert (await Sender(desk.estate, client).attach(request_id, files.photo()))["added_by"] == "zhao"
        problem(await client.get(f"/requests/{request_id}/attachments"), 403, "not-allowed")


async def test_altered_bytes_never_arrive_whole(desk: Sender) -> None:
    estate = desk.estate
    added = await desk.attach((await estate.accept())["id"], files.photo())
    url = await desk.link(added["id"])
    data = await stored(estate, added["id"])
    assert data is not None
    key = key_of(estate.property_id, added["id"])
    await estate.runtime.blobs.put(key, data[:-1] + bytes([data[-1] ^ 1]), "image/jpeg")
    with pytest.raises(httpx.RemoteProtocolError):
        await desk.client.get(url)
    await estate.runtime.blobs.delete(key)
    assert (await desk.client.get(url)).status_code == 500
