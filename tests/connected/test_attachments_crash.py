"""Processes that die between the bytes and the unit of work: nothing is lost, nothing is orphaned."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest

from services.intake.keeper import AttachmentKeeper
from services.intake.receiving import Receiving, attachment_id
from services.intake.repository import attachments as repository
from shared.settings import Settings
from tests import sample_files as files
from tests.connected.attachment_kit import Sender, rows, stored
from tests.connected.intake_kit import Estate
from tests.connected.intake_process import Ahead
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
SIGKILLED = -9
PLACES = ("attachment-before-bytes", "attachment-bytes-written", "between-first-write-and-commit")
"""Before the bytes, after the bytes, and inside the commit that gives them to the request."""


@pytest.fixture(scope="module")
def clock() -> Ahead:
    """The clock of this module."""
    return Ahead()


@asynccontextmanager
async def doomed(settings: Settings, failpoint: str, minutes: int = 0) -> AsyncIterator[str]:
    """A process that dies at this point; its address. It is dead when the context ends."""
    names = ("mongodb_url", "database_prefix")
    secrets = ("vault_master_key", "jwt_secret", "seal_hmac_key", "link_hmac_key", "gateway_secret")
    environment = {name.upper(): str(getattr(settings, name)) for name in names}
    environment |= {name.upper(): getattr(settings, name).get_secret_value() for name in secrets}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.connected.intake_process",
        str(minutes),
        env={**os.environ, **environment, "FAILPOINT": failpoint},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield (await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)).decode().strip()
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == SIGKILLED, (
            "it was to die at its failpoint"
        )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def die_adding(estate: Estate, settings: Settings, place: str, data: bytes) -> tuple[str, str]:
    """A photograph sent to a process that dies while it is added; the request and the upload."""
    request_id = (await estate.accept())["id"]
    async with doomed(settings, place) as url:
        there = Estate(estate.runtime, url, estate.property_id)
        async with there.client() as client:
            upload_id = await Sender(there, client).upload(data)
            with pytest.raises(httpx.HTTPError):
                await Sender(there, client).add(request_id, upload_id)
    return request_id, upload_id


async def in_store(estate: Estate) -> tuple[int, int]:
    """How many files and how many chunks GridFS holds of this property."""
    db = estate.runtime.client[estate.runtime.settings.database("blobs")]
    own = {"$regex": f"^{estate.property_id}/"}
    return (
        await db["blobs.files"].count_documents({"_id": own}),
        await db["blobs.chunks"].count_documents({"files_id": own}),
    )


async def sweep(estate: Estate, clock: Ahead, minutes: int) -> None:
    """The keeper, so many minutes later."""
    clock.by = timedelta(minutes=minutes)
    try:
        await AttachmentKeeper(estate.runtime).sweep()
    finally:
        clock.by = timedelta(0)


@pytest.mark.parametrize("place", PLACES)
async def test_what_a_dead_process_left_behind_is_deleted_after_a_time(
    estate: Estate, intake_settings: Settings, clock: Ahead, place: str
) -> None:
    request_id, _ = await die_adding(estate, intake_settings, place, files.photo())
    assert (await rows(estate))["attachments"] == 1, "there is a row before there are bytes"
    assert await in_store(estate) == ((0, 0) if place == PLACES[0] else (1, 1))
    await sweep(estate, clock, 30)
    assert (await rows(estate))["attachments"] == 1, "not too early: somebody may be trying again"
    await sweep(estate, clock, 61)
    assert (await rows(estate))["attachments"] == 0
    assert await in_store(estate) == (0, 0)
    assert (await estate.read(request_id))["attachments"] == []
    assert await estate.journal(request_id) == ["intake.request.accepted.v1"]


@pytest.mark.parametrize("place", PLACES)
async def test_the_same_call_again_goes_on_where_the_dead_process_stopped(
    estate: Estate, intake_settings: Settings, clock: Ahead, place: str
) -> None:
    request_id, upload_id = await die_adding(estate, intake_settings, place, files.photo())
    async with estate.client() as client:
        desk = Sender(estate, client)
        if place != PLACES[2]:
            assert (await desk.add(request_id, upload_id)).status_code == 503, "the dead one may still write"
        clock.by = timedelta(minutes=3)
        try:
            again = await desk.add(request_id, upload_id)
        finally:
            clock.by = timedelta(0)
        assert again.status_code == 201, again.text
    await sweep(estate, clock, 120)
    data = await stored(estate, again.json()["id"])
    assert data is not None
    assert sha256(data).hexdigest() == again.json()["sha256"]
    assert await in_store(estate) == (1, 1)
    assert (await estate.journal(request_id))[1:] == ["intake.attachment.added.v1"]


@pytest.mark.parametrize("place", ["attachment-before-delete", "attachment-bytes-deleted"])
async def test_a_keeper_that_dies_is_followed_by_another(
    estate: Estate, intake_settings: Settings, clock: Ahead, place: str
) -> None:
    request_id = (await estate.accept())["id"]
    async with estate.client("cs_supervisor") as client:
        desk = Sender(estate, client)
        kept, removed = [await desk.attach(request_id, files.photo(size=(64, 48))) for _ in range(2)]
        left = await desk.upload(files.photo())
        await estate.runtime.db["requests"].update_one(
            {"_id": f"{estate.property_id}:{request_id}"}, {"$set": {"attachments_added": 50}}
        )
        assert (await desk.add(request_id, left)).status_code == 413
        reason = {"reason": "the wrong door"}
        assert (await client.post(f"/attachments/{removed['id']}/remove", json=reason)).status_code == 200
    assert await in_store(estate) == (3, 3)
    async with doomed(intake_settings, place, minutes=90):
        pass
    for minutes in (90, 92):  # what the dead one had in hand, and the rest
        await sweep(estate, clock, minutes)
    assert await in_store(estate) == (1, 1)
    assert await stored(estate, kept["id"]) is not None
    shown = {one["id"]: one for one in (await estate.read(request_id))["attachments"]}
    assert {id: one["bytes"] for id, one in shown.items()} == {kept["id"]: "stored", removed["id"]: "gone"}
    assert (await rows(estate))["attachments"] == 2


async def test_of_the_keeper_and_a_late_request_one_wins(
    estate: Estate, intake_settings: Settings, clock: Ahead, seed: int
) -> None:
    """Either the request has the file and its bytes, or neither is there."""
    chance = random.Random(seed)
    keeper, taken = AttachmentKeeper(estate.runtime), 0
    request_id = (await estate.accept())["id"]
    async with estate.client() as client:
        desk = Sender(estate, client)
        for _ in range(12):
            upload_id = await desk.upload(files.photo(size=(32, 24)))
            assert await leave_stored(estate, upload_id, clock)
            late = chance.uniform(0, 0.03)

            async def sweep_late(seconds: float = late) -> None:
                await asyncio.sleep(seconds)
                await keeper.sweep()

            answer, _ = await asyncio.gather(desk.add(request_id, upload_id), sweep_late())
            await keeper.sweep()
            id = attachment_id(estate.property_id, upload_id)
            bytes_there = await stored(estate, id) is not None
            assert answer.status_code in {201, 409, 503}, answer.text
            assert bytes_there == (answer.status_code == 201), answer.text
            taken += bytes_there
    print(f"{taken} of 12 were taken, the others swept")
    assert len((await estate.read(request_id))["attachments"]) == taken
    assert await in_store(estate) == (taken, taken)


async def leave_stored(estate: Estate, upload_id: str, clock: Ahead) -> bool:
    """The bytes of an upload are kept, no request has them, and the keeper may take them at any moment."""
    upload = await repository.upload_of(estate.runtime.db, estate.property_id, upload_id, "lin", clock.now())
    assert upload is not None
    row = await Receiving(estate.runtime).kept(upload)
    due = replace(row, sweep_at=clock.now())
    return await repository.replace_attachment(estate.runtime.db, due) is not None


async def test_bytes_that_broke_off_midway_are_replaced(estate: Estate) -> None:
    """What a process leaves that dies while it writes to GridFS: chunks that no file names."""
    request_id = (await estate.accept())["id"]
    async with estate.client() as client:
        desk = Sender(estate, client)
        upload_id = await desk.upload(files.photo())
        id = attachment_id(estate.property_id, upload_id)
        db = estate.runtime.client[estate.runtime.settings.database("blobs")]
        torn = {"files_id": f"{estate.property_id}/{id}", "n": 0, "data": b"torn"}
        await db["blobs.chunks"].insert_one(torn)
        assert (await desk.add(request_id, upload_id)).status_code == 201
    data = await stored(estate, id)
    assert data is not None
    assert data.startswith(b"\xff\xd8")
    assert await in_store(estate) == (1, 1)
