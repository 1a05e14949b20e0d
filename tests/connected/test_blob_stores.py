"""Both stores keep the same promises; and attachments as a whole with an S3-compatible server."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from hashlib import sha256

import pytest
import pytest_asyncio

from services.intake.keeper import AttachmentKeeper
from shared.blobs.store import PIECE_BYTES, BlobStore, Missing, open_store
from shared.errors import Transient
from shared.ids import new_id
from shared.kernel.runtime import Runtime
from shared.mongo.client import connect
from shared.settings import Settings
from tests import sample_files as files
from tests.connected.attachment_kit import Sender, rows, stored
from tests.connected.intake_kit import Estate, new_property, own_settings, running
from tests.connected.intake_process import Ahead
from tests.connected.problems import problem
from tests.connected.s3_server import S3Server, on_s3, s3_server
from tests.stack import SessionStack

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """The server of this module."""
    with s3_server() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def gridfs_settings(stack: SessionStack) -> Iterator[Settings]:
    """Databases of this module."""
    with own_settings(stack) as settings:
        yield settings


@pytest.fixture(scope="module")
def s3_settings(gridfs_settings: Settings, server: S3Server) -> Settings:
    """The same with an S3-compatible store."""
    return on_s3(gridfs_settings, server)


@pytest_asyncio.fixture(loop_scope="module", params=["gridfs", "s3"])
async def store(
    request: pytest.FixtureRequest, gridfs_settings: Settings, s3_settings: Settings
) -> AsyncIterator[BlobStore]:
    """One store, then the other."""
    settings = {"gridfs": gridfs_settings, "s3": s3_settings}[request.param]
    client = connect(settings.mongodb_url, "test")
    opened = open_store(settings, client)
    yield opened
    await opened.close()
    await client.close()


async def read(store: BlobStore, key: str) -> list[bytes]:
    return [piece async for piece in store.read(key)]


async def test_bytes_come_back_as_they_were_in_bounded_pieces(store: BlobStore, seed: int) -> None:
    chance = random.Random(seed)
    for size in (1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * 1024 * 1024 + 17):
        key, data = f"tower/{new_id()}", chance.randbytes(size)
        await store.put(key, data, "image/png")
        assert await store.size(key) == size
        pieces = await read(store, key)
        assert b"".join(pieces) == data
        assert max(map(len, pieces)) <= PIECE_BYTES


async def test_what_is_put_again_replaces_and_what_is_deleted_is_missing(store: BlobStore) -> None:
    key, other = f"tower/{new_id()}", f"tower/{new_id()}"
    await store.put(other, b"other", "image/png")
    await store.put(key, b"first " * 100_000, "image/png")
    await store.put(key, b"second", "image/png")
    assert await read(store, key) == [b"second"]
    for _ in range(2):
        await store.delete(key)
        with pytest.raises(Missing):
            await store.size(key)
        with pytest.raises(Missing):
            await read(store, key)
    assert await read(store, other) == [b"other"]


async def test_an_object_store_that_is_away_is_nobodys_fault(s3_settings: Settings) -> None:
    away = s3_settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:1", "s3_timeout_seconds": 1.0})
    client = connect(away.mongodb_url, "test")
    store = open_store(away, client)
    for attempt in (store.put("tower/x", b"x", "image/png"), store.size("tower/x"), store.delete("tower/x")):
        with pytest.raises(Transient):
            await attempt
    await store.close()
    await client.close()


@pytest.fixture(scope="module")
def clock() -> Ahead:
    """The clock of this module."""
    return Ahead()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def intake(s3_settings: Settings, clock: Ahead) -> AsyncIterator[tuple[Runtime, str]]:
    """A running intake whose attachments lie in the S3-compatible server."""
    async with running(s3_settings, clock) as served:
        yield served
        await served[0].blobs.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(intake: tuple[Runtime, str]) -> AsyncIterator[Sender]:
    """A supervisor at the desk of an open property."""
    estate = Estate(*intake, new_property())
    await estate.open()
    async with estate.client("cs_officer", "cs_supervisor") as client:
        yield Sender(estate, client)


async def test_a_photograph_goes_to_the_object_store_and_back_and_away(desk: Sender) -> None:
    estate = desk.estate
    request_id = (await estate.accept())["id"]
    added = await desk.attach(request_id, files.photo())
    got = await desk.client.get(await desk.link(added["id"]))
    assert (got.status_code, got.headers["content-type"]) == (200, "image/jpeg")
    assert sha256(got.content).hexdigest() == added["sha256"]
    database = estate.runtime.client[estate.runtime.settings.database("blobs")]
    assert await database["blobs.files"].count_documents({"_id": {"$regex": estate.property_id}}) == 0
    removed = await desk.client.post(f"/attachments/{added['id']}/remove", json={"reason": "not ours"})
    assert removed.status_code == 200
    await AttachmentKeeper(estate.runtime).sweep()
    assert await stored(estate, added["id"]) is None


async def test_while_the_object_store_is_away_nothing_is_lost_and_work_goes_on(
    desk: Sender, server: S3Server, clock: Ahead
) -> None:
    estate = desk.estate
    request_id = (await estate.accept())["id"]
    upload_id, removed = await desk.upload(files.photo()), await desk.attach(request_id, files.photo())
    server.stop()
    busy = await desk.add(request_id, upload_id)
    problem(busy, 503, "busy")
    assert int(busy.headers["Retry-After"]) >= 1
    taken = await estate.accept(urgency="emergency", place="lobby", description="flood")
    assert taken["urgency"] == "emergency"
    path = f"/attachments/{removed['id']}/remove"
    assert (await desk.client.post(path, json={"reason": "not ours"})).status_code == 200
    keeper = AttachmentKeeper(estate.runtime)
    assert await keeper.sweep() == 1
    assert await keeper.sweep() == 0, "what failed is tried again later, and holds back nothing else"
    server.start()
    assert (await desk.add(request_id, upload_id)).status_code == 201, "at once, when the store is back"
    clock.by = timedelta(minutes=3)
    try:
        await keeper.sweep()
    finally:
        clock.by = timedelta(0)
    shown = (await estate.read(request_id))["attachments"]
    assert sorted((one["status"], one["bytes"]) for one in shown) == [
        ("ATTACHED", "stored"),
        ("REMOVED", "gone"),
    ]
    assert await rows(estate) == {"uploads": 0, "upload_pieces": 0, "attachments": 2}
