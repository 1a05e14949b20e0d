"""Attachments from the telephone to the store and back: over HTTP, on a real database and a real store."""

from __future__ import annotations

import asyncio
import base64
import io
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from hashlib import sha1, sha256
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tusclient.client import TusClient

from services.intake.domain.attachment import key_of
from services.intake.keeper import AttachmentKeeper
from services.intake.repository import attachments as repository
from shared.ids import new_id
from shared.kernel.runtime import Runtime
from shared.settings import Settings
from tests import sample_files as files
from tests.connected.attachment_kit import BODY, TUS, Sender, problem, rows, stored
from tests.connected.intake_kit import Estate, new_property, own_settings, running
from tests.connected.intake_process import Ahead
from tests.connected.profiling import unserved, watch_queries
from tests.stack import SessionStack

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
MIB = 1024 * 1024
SUPERVISOR = ("cs_supervisor",)
DESK = ("cs_officer",)


@pytest.fixture(scope="module")
def intake_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases of this module; small limits."""
    with own_settings(stack) as settings:
        yield settings.model_copy(update={"uploads_open_max": 4, "upload_pieces_max": 64})


@pytest.fixture(scope="module")
def clock() -> Ahead:
    """The clock of this module."""
    return Ahead()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def intake(intake_settings: Settings, clock: Ahead) -> AsyncIterator[tuple[Runtime, str]]:
    """A running intake for this module."""
    async with running(intake_settings, clock) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="module")
async def estate(intake: tuple[Runtime, str]) -> Estate:
    """An open property nobody else uses."""
    estate = Estate(*intake, new_property())
    await estate.open()
    return estate


@pytest_asyncio.fixture(loop_scope="module")
async def desk(estate: Estate) -> AsyncIterator[Sender]:
    """Somebody at the desk."""
    async with estate.client(*DESK) as client:
        yield Sender(estate, client)


@pytest_asyncio.fixture(loop_scope="module")
async def supervisor(estate: Estate) -> AsyncIterator[Sender]:
    """A supervisor."""
    async with estate.client(*SUPERVISOR, sub="chen") as client:
        yield Sender(estate, client)


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


async def test_an_upload_goes_on_where_the_connection_broke(desk: Sender, seed: int) -> None:
    data = files.encoded(files.noise((800, 600), seed), "PNG")
    where = (await desk.begin(data, "scan")).headers["Location"].rsplit("/", 1)[1]
    cut = len(data) * 2 // 3

    async def broken() -> AsyncIterator[bytes]:
        for begin in range(0, cut, 50_000):
            yield data[begin : min(begin + 50_000, cut)]
        raise ConnectionError("the telephone is in the lift")

    headers = BODY | {"Upload-Offset": "0", "Content-Length": str(len(data))}
    with pytest.raises((httpx.HTTPError, ConnectionError)):
        await desk.client.patch(f"/uploads/{where}", headers=headers, content=broken())

    async def arrived() -> int:
        head = await desk.client.head(f"/uploads/{where}", headers=TUS)
        assert (head.status_code, head.headers["cache-control"]) == (200, "no-store")
        assert head.headers["Upload-Length"] == str(len(data))
        assert head.headers["Tus-Resumable"] == "1.0.0"
        assert head.headers["Upload-Expires"].endswith("GMT")
        return int(head.headers["Upload-Offset"])

    deadline = time.monotonic() + 10
    while (offset := await arrived()) < cut:
        assert time.monotonic() < deadline, offset
    assert offset == cut, "everything that arrived is kept"
    request_id = (await desk.estate.accept())["id"]
    body = problem(await desk.add(request_id, where), 409, "upload-unfinished")
    assert f"{cut} of {len(data)}" in body["detail"]
    while offset < len(data):
        part = data[offset : offset + 100_000]
        checksum = "sha256 " + base64.b64encode(sha256(part).digest()).decode()
        sent = await desk.client.patch(
            f"/uploads/{where}",
            headers=BODY | {"Upload-Offset": str(offset), "Upload-Checksum": checksum},
            content=part,
        )
        assert sent.status_code == 204
        offset = int(sent.headers["Upload-Offset"])
    added = (await desk.add(request_id, where)).json()
    assert added["received_sha256"] == sha256(data).hexdigest()


async def test_a_client_of_others_resumes_an_upload_too(desk: Sender, seed: int) -> None:
    """tuspy, the protocol's own client for Python, on its own terms."""
    data = files.encoded(files.noise((500, 400), seed), "PNG")
    headers = {"Authorization": desk.client.headers["authorization"]}
    client = TusClient(f"{desk.estate.root}/uploads", headers=headers)

    def send() -> str:
        options: dict[str, Any] = {"chunk_size": 150_000, "upload_checksum": True}
        first = client.uploader(file_stream=io.BytesIO(data), metadata={"kind": "photo"}, **options)
        first.upload_chunk()
        assert 0 < first.offset < len(data)
        rest = client.uploader(file_stream=io.BytesIO(data), url=first.url, **options)
        assert rest.get_offset() == first.offset
        rest.upload()
        return str(first.url).rsplit("/", 1)[1]

    upload_id = await asyncio.to_thread(send)
    added = await desk.add((await desk.estate.accept())["id"], upload_id)
    assert added.json()["received_sha256"] == sha256(data).hexdigest()


async def test_the_protocol_is_kept(desk: Sender) -> None:
    options = await desk.client.options("/uploads")
    assert options.status_code == 204
    assert options.headers["Tus-Version"] == "1.0.0"
    assert options.headers["Tus-Max-Size"] == str(20 * MIB)
    assert set(options.headers["Tus-Extension"].split(",")) >= {"creation", "expiration", "checksum"}
    older = await desk.client.post("/uploads", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "5"})
    problem(older, 412, "tus-version")
    assert older.headers["Tus-Version"] == "1.0.0"
    where = (await desk.begin(b"0123456789")).headers["Location"]
    path = desk.estate.url + where
    patch = desk.client.patch
    problem(await patch(path, headers=BODY | {"Upload-Offset": "3"}, content=b"345"), 409, "upload-offset")
    problem(await patch(path, headers=BODY, content=b"345"), 422, "invalid-header")
    problem(await patch(path, headers=TUS | {"Upload-Offset": "0"}, content=b"0"), 415, "upload-type")
    wrong = BODY | {"Upload-Offset": "0", "Upload-Checksum": "sha1 " + base64.b64encode(b"x" * 20).decode()}
    problem(await patch(path, headers=wrong, content=b"012"), 460, "wrong-checksum")
    unknown = BODY | {"Upload-Offset": "0", "Upload-Checksum": "crc9 AAAA"}
    problem(await patch(path, headers=unknown, content=b"012"), 422, "invalid-header")
    long = BODY | {"Upload-Offset": "0"}
    problem(await patch(path, headers=long, content=b"0" * 11), 413, "upload-too-long")
    right = BODY | {
        "Upload-Offset": "0",
        "Upload-Checksum": "sha1 " + base64.b64encode(sha1(b"0123").digest()).decode(),
    }
    assert (await patch(path, headers=right, content=b"0123")).headers["Upload-Offset"] == "4"
    assert (await rows(desk.estate))["upload_pieces"] == 1, "what did not count is not kept"
    assert (await desk.client.delete(path, headers=TUS)).status_code == 204
    assert (await desk.client.head(path, headers=TUS)).status_code == 410
    assert await rows(desk.estate) == {"uploads": 0, "upload_pieces": 0, "attachments": 0}


async def test_an_upload_of_unknown_length_is_stopped_where_it_grows_too_long(desk: Sender) -> None:
    path = desk.estate.url + (await desk.begin(b"x" * 10)).headers["Location"]

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 10_000

    answer = await desk.client.patch(path, headers=BODY | {"Upload-Offset": "0"}, content=endless())
    problem(answer, 413, "upload-too-long")
    assert (await desk.client.head(path, headers=TUS)).headers["Upload-Offset"] == "0"


async def test_uploads_and_their_pieces_are_bounded(desk: Sender, clock: Ahead) -> None:
    path = desk.estate.url + (await desk.begin(b"x" * 1_000)).headers["Location"]
    for n in range(64):
        sent = await desk.client.patch(path, headers=BODY | {"Upload-Offset": str(n)}, content=b"x")
        assert sent.status_code == 204
    answer = await desk.client.patch(path, headers=BODY | {"Upload-Offset": "64"}, content=b"x")
    assert problem(answer, 413, "too-many-pieces")["accepted"] == "at most 64 pieces"
    for _ in range(3):
        assert (await desk.begin(b"x" * 10)).status_code == 201
    body = problem(await desk.begin(b"x" * 10), 429, "too-many-uploads")
    assert "finish or delete" in body["accepted"]
    assert (await desk.client.head(path, headers=TUS)).status_code == 200
    clock.by += timedelta(hours=24, seconds=1)
    try:
        later = desk.estate.client(*DESK)
        async with later as client:
            assert (await client.head(path, headers=TUS)).status_code in {401, 404, 410}
    finally:
        clock.by = timedelta(0)


async def test_unfinished_uploads_expire_by_themselves(desk: Sender, clock: Ahead) -> None:
    indexes = await desk.estate.runtime.db[repository.UPLOADS].index_information()
    assert indexes["expires_at_1"]["expireAfterSeconds"] == 0
    assert (await desk.estate.runtime.db[repository.PIECES].index_information())["expires_at_1"][
        "expireAfterSeconds"
    ] == 0
    upload_id = await desk.upload(files.photo())
    query = {"property_id": desk.estate.property_id}
    past = {"$set": {"expires_at": clock.now() - timedelta(seconds=1)}}
    for name in (repository.UPLOADS, repository.PIECES):
        await desk.estate.runtime.db[name].update_many(query, past)
    request_id = (await desk.estate.accept())["id"]
    assert (await desk.client.head(f"/uploads/{upload_id}", headers=TUS)).status_code == 410
    problem(await desk.add(request_id, upload_id), 410, "no-such-upload")
    for _ in range(4):
        assert (await desk.begin(b"x")).status_code == 201, "expired ones do not count"


async def test_an_upload_is_seen_by_nobody_else(desk: Sender, supervisor: Sender) -> None:
    upload_id = await desk.upload(files.photo())
    request_id = (await desk.estate.accept())["id"]
    head = await supervisor.client.head(f"/uploads/{upload_id}", headers=TUS)
    assert head.status_code == 410
    problem(await supervisor.add(request_id, upload_id), 410, "no-such-upload")
    assert (await supervisor.client.delete(f"/uploads/{upload_id}", headers=TUS)).status_code == 410
    other = Estate(desk.estate.runtime, desk.estate.url, new_property())
    await other.open()
    async with other.client(*DESK) as client:
        assert (await client.head(f"/uploads/{upload_id}", headers=TUS)).status_code == 410
    assert (await desk.add(request_id, upload_id)).status_code == 201


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
    async with httpx.AsyncClient(verify=False) as nobody:
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


async def test_an_emergency_overtakes_files_that_are_looked_into(desk: Sender, seed: int) -> None:
    request_id = (await desk.estate.accept())["id"]
    heavy = files.encoded(files.noise((2_600, 2_000), seed), "PNG", compress_level=1)
    uploads = [await desk.upload(heavy) for _ in range(3)]
    adding = [asyncio.create_task(desk.add(request_id, upload_id)) for upload_id in uploads]
    emergency: dict[str, Any] = {"urgency": "emergency", "place": "lobby", "description": "flood"}
    taken = await desk.estate.accept(**emergency)
    assert taken["urgency"] == "emergency"
    assert not any(task.done() for task in adding), "answered while files were looked into"
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
