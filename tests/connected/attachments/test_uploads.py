"""Uploads on their way in: they go on where the connection broke, are bounded, and expire."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha1, sha256
from typing import Any

import httpx
import pytest
from tusclient.client import TusClient

from services.intake.repository import attachments as repository
from tests import sample_files as files
from tests.connected.attachment_kit import BODY, DESK, MIB, TUS, Sender, rows
from tests.connected.intake_kit import Estate, new_property
from tests.connected.intake_process import Ahead
from tests.connected.problems import problem
from tests.waiting import until

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


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

    async def all_kept() -> bool:
        """Everything that arrived is kept."""
        return await arrived() == cut

    await until(all_kept)
    offset = cut
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


async def test_what_breaks_off_under_a_checksum_is_not_kept(desk: Sender, seed: int) -> None:
    """It could never count; kept, a sender who breaks off again and again would fill the store."""
    data = files.encoded(files.noise((800, 600), seed), "PNG")
    where = (await desk.begin(data)).headers["Location"].rsplit("/", 1)[1]
    checksum = "sha256 " + base64.b64encode(sha256(data).digest()).decode()
    written = 0

    async def pieces() -> int:
        return (await rows(desk.estate))["upload_pieces"]

    async def none_left() -> bool:
        return await pieces() == 0

    async def broken() -> AsyncIterator[bytes]:
        nonlocal written
        for begin in range(0, len(data) - 1, 300_000):
            yield data[begin : min(begin + 300_000, len(data) - 1)]
        written = await until(pieces)
        raise ConnectionError("the telephone is in the lift")

    headers = BODY | {"Upload-Offset": "0", "Upload-Checksum": checksum, "Content-Length": str(len(data))}
    with pytest.raises((httpx.HTTPError, ConnectionError)):
        await desk.client.patch(f"/uploads/{where}", headers=headers, content=broken())
    assert written > 0, "pieces were stored before it broke off"
    await until(none_left)
    assert (await desk.client.head(f"/uploads/{where}", headers=TUS)).headers["Upload-Offset"] == "0"


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
    long = TUS | {"Upload-Length": "5", "Upload-Metadata": "kind cGhvdG8=," + "x" * 5_000}
    problem(await desk.client.post("/uploads", headers=long), 422, "invalid-header")
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
