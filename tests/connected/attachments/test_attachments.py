"""Attachments from the telephone to the store and back: over HTTP, on a real database and a real store."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from services.intake.keeper import AttachmentKeeper
from services.intake.repository import attachments as repository
from shared.blobs.content import Cleaned, Rules
from shared.blobs.sandbox import Sandbox
from shared.ids import new_id
from tests import sample_files as files
from tests.connected.attachment_kit import MIB, TUS, Sender, rows, stored
from tests.connected.intake_kit import Estate
from tests.connected.intake_process import Ahead
from tests.connected.problems import problem
from tests.connected.profiling import unserved, watch_queries
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


async def fill(estate: Estate, request_id: str) -> None:
    """The request has all the attachments it may have."""
    key = {"_id": f"{estate.property_id}:{request_id}"}
    await estate.runtime.db["requests"].update_one(key, {"$set": {"attachments_added": 50}})


async def test_a_photograph_is_added_listed_linked_and_read_without_its_place(desk: Sender) -> None:
    estate, sent = desk.estate, files.photo(orientation=6)
    request_id = (await estate.accept())["id"]
    added = await desk.attach(request_id, sent)
    assert (added["kind"], added["media_type"], added["status"]) == ("photo", "image/jpeg", "ATTACHED")
    assert (added["width"], added["height"]) == (480, 640), "turned upright"
    assert added["received_sha256"] == sha256(sent).hexdigest()
    assert await rows(estate) == {"uploads": 0, "upload_pieces": 0, "attachments": 1}

    read = await estate.read(request_id)
    assert [one["id"] for one in read["attachments"]] == [added["id"]]
    assert "intake.add_attachment" in [action["action"] for action in read["allowed_actions"]]
    listed = (await desk.client.get(f"/requests/{request_id}/attachments")).json()["items"]
    assert listed == read["attachments"]
    lines = (await desk.client.get(f"/requests/{request_id}/timeline")).json()["items"]
    line = next(line for line in lines if line["what"] == "attachment.added")
    assert line["detail"] == {"kind": "photo", "attachment_id": added["id"]}
    assert (line["who"], line["device"]) == ("lin", "desk-1")
    [event] = [
        row
        async for row in estate.runtime.db["outbox"].find(
            {"property_id": estate.property_id, "type": "intake.attachment.added.v1"}
        )
    ]
    assert event["stream"] == request_id
    assert added["sha256"].encode() in event["data"]
    assert b"wang" not in event["data"], "no file name anywhere"

    got = await desk.client.get(await desk.link(added["id"]))
    assert got.status_code == 200
    assert sha256(got.content).hexdigest() == added["sha256"]
    assert len(got.content) == added["size_bytes"]
    assert files.OWNER.encode() not in got.content
    assert b"Exif" not in got.content
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-disposition"] == f'attachment; filename="photo-{added["id"]}.jpg"'
    assert "no-store" in got.headers["cache-control"]


@pytest.mark.parametrize(
    ("kind", "data", "media_type"),
    [
        ("scan", files.scan(), "application/pdf"),
        ("signature", files.signature(), "image/png"),
        ("photo", files.encoded(files.drawing(), "WEBP"), "image/webp"),
        ("scan", files.encoded(files.drawing(), "PNG"), "image/png"),
    ],
)
async def test_each_class_comes_back_as_what_it_is(
    desk: Sender, kind: str, data: bytes, media_type: str
) -> None:
    added = await desk.attach((await desk.estate.accept())["id"], data, kind)
    assert added["media_type"] == media_type
    got = await desk.client.get(await desk.link(added["id"]))
    assert got.headers["content-type"] == media_type
    assert sha256(got.content).hexdigest() == added["sha256"]


@pytest.mark.parametrize(
    ("kind", "data", "problem_kind", "accepted"),
    [
        ("photo", files.SVG, "file-svg", "JPEG or PNG or WebP"),
        ("photo", files.SVG_WITH_SCRIPT, "file-svg", "JPEG or PNG or WebP"),
        ("photo", files.heic(), "file-heic", "JPEG or PNG or WebP"),
        ("photo", files.photo()[:-4_000], "file-broken", "JPEG"),
        ("photo", files.scan(), "file-type-not-accepted", "JPEG or PNG or WebP"),
        ("scan", files.locked(), "file-encrypted", "without a password"),
        ("signature", files.photo(), "file-type-not-accepted", "PNG"),
        ("photo", b"MZ not a picture at all", "file-type-not-accepted", "JPEG"),
    ],
)
async def test_a_file_that_is_not_accepted_changes_nothing(
    desk: Sender, kind: str, data: bytes, problem_kind: str, accepted: str
) -> None:
    request = await desk.estate.accept()
    upload_id = await desk.upload(data, kind)
    before = await desk.estate.counts()
    body = problem(await desk.add(request["id"], upload_id), 422, problem_kind)
    assert body["field"] == "file"
    assert accepted in body["accepted"]
    assert await desk.estate.counts() == before
    assert await rows(desk.estate) == {"uploads": 0, "upload_pieces": 0, "attachments": 0}
    assert (await desk.estate.read(request["id"]))["version"] == request["version"]


async def test_a_file_that_is_too_large_or_empty_is_refused_before_it_is_sent(desk: Sender) -> None:
    body = problem(await desk.begin(b"", length=40 * MIB), 413, "file-too-large")
    assert (body["field"], body["accepted"]) == ("Upload-Length", f"at most {20 * MIB} bytes")
    assert problem(await desk.begin(b""), 422, "file-empty")["accepted"] == "JPEG or PNG or WebP"
    assert (await desk.begin(b"", length=20 * MIB)).status_code == 201
    problem(await desk.begin(b"x", "painting"), 422, "unknown-kind")
    assert (await rows(desk.estate))["uploads"] == 1


async def test_a_file_that_is_not_the_one_announced_is_refused(desk: Sender) -> None:
    request_id = (await desk.estate.accept())["id"]
    wrong = await desk.upload(files.photo(), declared=sha256(b"another").hexdigest())
    body = problem(await desk.add(request_id, wrong), 422, "hash-differs")
    assert body["field"] == "sha256"
    right = await desk.upload(files.photo(), declared=sha256(files.photo()).hexdigest())
    assert (await desk.add(request_id, right)).status_code == 201
    problem(await desk.begin(b"x", declared="nonsense"), 422, "invalid-hash")


async def test_adding_again_changes_nothing_and_another_request_may_not_have_it(desk: Sender) -> None:
    request_id, other = [(await desk.estate.accept(unit_id=unit))["id"] for unit in ("3-2-1801", "3-2-1802")]
    upload_id, key = await desk.upload(files.photo()), new_id()
    first = await desk.add(request_id, upload_id, **{"Idempotency-Key": key})
    before = await desk.estate.counts()
    again = await desk.add(request_id, upload_id, **{"Idempotency-Key": key})
    assert (again.status_code, again.json()) == (201, first.json())
    third = await desk.add(request_id, upload_id)
    assert (third.status_code, third.json()["id"]) == (201, first.json()["id"])
    problem(await desk.add(other, upload_id), 409, "attached-already")
    after = await desk.estate.counts()
    assert {name: after[name] - before[name] for name in ("outbox", "timeline")} == {
        "outbox": 0,
        "timeline": 0,
    }
    assert len((await desk.estate.read(request_id))["attachments"]) == 1


async def test_a_request_has_a_bounded_number_of_attachments(desk: Sender) -> None:
    request_id = (await desk.estate.accept())["id"]
    await desk.attach(request_id, files.photo())
    full = {"$set": {"attachments_added": 50}}
    await desk.estate.runtime.db["requests"].update_one(
        {"_id": f"{desk.estate.property_id}:{request_id}"}, full
    )
    answer = await desk.add(request_id, await desk.upload(files.photo()))
    assert problem(answer, 413, "too-many-attachments")["accepted"] == "at most 50 attachments of one request"


async def test_a_supervisor_removes_one_with_a_reason_the_bytes_go_and_the_record_stays(
    desk: Sender, supervisor: Sender
) -> None:
    estate = desk.estate
    request_id = (await estate.accept())["id"]
    added = await desk.attach(request_id, files.photo())
    url, reason = await desk.link(added["id"]), {"reason": "shows another flat"}
    path = f"/attachments/{added['id']}/remove"
    problem(await desk.client.post(path, json=reason), 403, "not-allowed")
    assert (await supervisor.client.post(path, json={"reason": " "})).status_code == 422
    stale = await supervisor.client.post(path, json=reason, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    gone = (await supervisor.client.post(path, json=reason)).json()
    assert (gone["status"], gone["removed_by"], gone["remove_reason"]) == (
        "REMOVED",
        "chen",
        reason["reason"],
    )
    problem(await desk.client.get(url), 410, "attachment-removed")
    problem(await supervisor.client.post(path, json=reason), 409, "attachment-removed")
    assert await AttachmentKeeper(estate.runtime).sweep() == 1
    assert await stored(estate, added["id"]) is None
    [kept] = (await estate.read(request_id))["attachments"]
    assert (kept["status"], kept["bytes"], kept["sha256"]) == ("REMOVED", "gone", added["sha256"])
    assert (await estate.journal(request_id))[-2:] == [
        "intake.attachment.added.v1",
        "intake.attachment.removed.v1",
    ]
    assert await AttachmentKeeper(estate.runtime).sweep() == 0


async def test_bytes_that_no_request_took_are_deleted_after_a_time(desk: Sender, clock: Ahead) -> None:
    estate = desk.estate
    other = await desk.upload(files.photo())
    problem(await desk.add(new_id(), other), 404, "no-such-request")
    assert (await rows(estate))["attachments"] == 0, "nothing is looked into for a request that is not there"
    request_id = (await estate.accept())["id"]
    await fill(estate, request_id)
    problem(await desk.add(request_id, other), 413, "too-many-attachments")
    [row] = [
        row
        async for row in estate.runtime.db[repository.ATTACHMENTS].find({"property_id": estate.property_id})
    ]
    assert (row["status"], row["bytes"]) == ("PENDING", "stored")
    assert await stored(estate, row["id"]) is not None
    keeper = AttachmentKeeper(estate.runtime)
    assert await keeper.sweep() == 0, "not yet"
    problem(await desk.client.get(f"/attachments/{row['id']}"), 404, "not-found")
    clock.by += timedelta(minutes=61)
    try:
        assert await keeper.sweep() >= 1
    finally:
        clock.by = timedelta(0)
    assert await stored(estate, row["id"]) is None
    assert (await rows(estate))["attachments"] == 0


async def test_two_who_add_the_same_upload_at_once_make_one_attachment(desk: Sender) -> None:
    request_id = (await desk.estate.accept())["id"]
    upload_id = await desk.upload(files.photo())
    answers = await asyncio.gather(*(desk.add(request_id, upload_id) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {201, 503, 409, 410}
    for _ in range(50):
        if (last := await desk.add(request_id, upload_id)).status_code == 201:
            break
    assert last.status_code == 201
    assert len((await desk.estate.read(request_id))["attachments"]) == 1
    assert (await rows(desk.estate))["attachments"] == 1


async def test_an_emergency_overtakes_files_that_are_looked_into(
    desk: Sender, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, taken_first = Sandbox.clean, asyncio.Event()

    async def long_look(self: Sandbox, data: bytes, rules: Rules) -> Cleaned:
        found = await look(self, data, rules)
        await taken_first.wait()
        return found

    monkeypatch.setattr(Sandbox, "clean", long_look)
    request_id = (await desk.estate.accept())["id"]
    heavy = files.encoded(files.noise((2_600, 2_000), seed), "PNG", compress_level=1)
    uploads = [await desk.upload(heavy) for _ in range(3)]
    adding = [asyncio.create_task(desk.add(request_id, upload_id)) for upload_id in uploads]
    emergency: dict[str, Any] = {"urgency": "emergency", "place": "lobby", "description": "flood"}
    async with asyncio.timeout(PATIENCE_SECONDS):
        taken = await desk.estate.accept(**emergency)
    assert taken["urgency"] == "emergency"
    assert not any(task.done() for task in adding), "answered while files were looked into"
    taken_first.set()
    assert [answer.status_code for answer in await asyncio.gather(*adding)] == [201, 201, 201]
    assert len((await desk.estate.read(request_id))["attachments"]) == 3


async def test_every_query_of_an_attachments_life_is_served_by_an_index(
    desk: Sender, supervisor: Sender
) -> None:
    estate, settings = desk.estate, desk.estate.runtime.settings
    request_id = (await estate.accept())["id"]
    await desk.attach(request_id, files.photo())
    databases = [estate.runtime.client[settings.database(name)] for name in ("intake", "blobs")]
    for db in databases:
        await watch_queries(db)
    added = await desk.attach(request_id, files.photo())
    await desk.client.delete((await desk.begin(b"x")).headers["Location"], headers=TUS)
    assert (await desk.client.get(await desk.link(added["id"]))).status_code == 200
    await desk.client.get(f"/requests/{request_id}/attachments")
    await estate.read(request_id)
    await supervisor.client.post(f"/attachments/{added['id']}/remove", json={"reason": "twice"})
    await AttachmentKeeper(estate.runtime).sweep()
    for db, least in zip(databases, (40, 4), strict=True):
        count, found = await unserved(db)
        first_of_any = "'filter': {}"  # GridFS asks whether there is anything at all: one document
        assert [line for line in found if first_of_any not in line] == []
        assert count >= least, db.name
