"""How long files are kept, and that they go: terms, abandoned uploads, erased people; in both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from services.intake.keeper import AttachmentKeeper
from shared.events import dispatch
from shared.kernel.runtime import Runtime
from shared.kernel.vault import CACHE_SECONDS
from shared.settings import Settings
from tests import sample_files as files
from tests.connected.attachment_kit import TUS, Sender, rows, stored
from tests.connected.intake_kit import Estate, Json, new_property, own_settings, running
from tests.connected.intake_process import Ahead
from tests.connected.problems import problem
from tests.connected.s3_server import on_s3, s3_server
from tests.events import issued
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]
YEAR = timedelta(days=366)
SMALL = files.photo(size=(64, 48))


@pytest.fixture(scope="module", params=["gridfs", "s3"])
def intake_settings(stack: SessionStack, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """One store, then the other, with databases of their own."""
    with own_settings(stack) as settings:
        if request.param == "gridfs":
            yield settings
            return
        with s3_server() as server:
            yield on_s3(settings, server)


@pytest.fixture(scope="module")
def clock() -> Ahead:
    """The clock of this module."""
    return Ahead()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def intake(intake_settings: Settings, clock: Ahead) -> AsyncIterator[tuple[Runtime, str]]:
    """A running intake on that store."""
    async with running(intake_settings, clock) as served:
        yield served
        await served[0].blobs.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(intake: tuple[Runtime, str], clock: Ahead) -> AsyncIterator[Sender]:
    """A supervisor at the desk of an open property; afterwards it is today again."""
    estate = Estate(*intake, new_property())
    await estate.open()
    async with estate.client("cs_officer", "cs_supervisor") as client:
        yield Sender(estate, client)
    clock.by = timedelta(0)


async def swept(desk: Sender, clock: Ahead, moment: datetime) -> int:
    """The keeper at that moment; then it is today again, for the tokens of people."""
    clock.by = moment - datetime.now(UTC)
    count = await AttachmentKeeper(desk.estate.runtime).sweep()
    count += await AttachmentKeeper(desk.estate.runtime).sweep()  # what was decided, is deleted
    clock.by = timedelta(0)
    return count


async def withdrawn(desk: Sender, request_id: str, clock: Ahead) -> None:
    """The request has ended."""
    fact = dispatch.WorkWithdrawn(
        work_order_id="wo-" + request_id,
        request_id=request_id,
        slip="2026-000001",
        reason="price",
        owner_mark="recorded",
        supervisor_id="boss",
        withdrawn_at=clock.now(),
    )
    await desk.estate.told(issued(request_id, clock.now()), fact, stream=request_id)
    assert (await desk.estate.read(request_id))["status"] == "WITHDRAWN"


async def shown(desk: Sender, attachment_id: str) -> Json:
    answer = await desk.client.get(f"/attachments/{attachment_id}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def content(desk: Sender, url: str) -> httpx.Response:
    return await desk.client.get(url)


async def test_j9_p131_bytes_go_when_their_term_is_over_and_never_before(desk: Sender, clock: Ahead) -> None:
    request_id = (await desk.estate.accept())["id"]
    photo = await desk.attach(request_id, SMALL)
    copy = await desk.attach(request_id, SMALL, "id_copy")
    url, now = await desk.link(photo["id"]), clock.now()
    await swept(desk, clock, now + 30 * YEAR)
    assert await stored(desk.estate, photo["id"]) is not None, "while the request is open no term runs"
    await withdrawn(desk, request_id, clock)
    await swept(desk, clock, now + 5 * YEAR - timedelta(days=10))
    assert (await shown(desk, copy["id"]))["status"] == "ATTACHED", "five years from the month after"
    later = {"$set": {"sweep_at": now}}  # looked at again each day while it was open; here at once
    collection = desk.estate.runtime.db["attachments"]
    await collection.update_many({"property_id": desk.estate.property_id}, later)
    await swept(desk, clock, now + timedelta(days=1))
    assert (await shown(desk, copy["id"]))["status"] == "ATTACHED", "looked at, and kept"
    late = now + 5 * YEAR + timedelta(days=40)
    await swept(desk, clock, late)
    gone = await shown(desk, copy["id"])
    assert (gone["status"], gone["bytes"], gone["erase_reason"]) == ("ERASED", "gone", "retention")
    assert late - timedelta(seconds=1) < datetime.fromisoformat(gone["gone_at"]) < late + timedelta(hours=1)
    assert gone["sha256"] == copy["sha256"], "that there was a file stays on record"
    assert await stored(desk.estate, copy["id"]) is None
    assert (await content(desk, url)).status_code == 200, "a photograph is kept longer"
    await swept(desk, clock, now + 10 * YEAR + timedelta(days=40))
    assert await stored(desk.estate, photo["id"]) is None
    body = problem(await content(desk, url), 410, "attachment-erased")
    assert "no longer kept" in body["detail"]
    problem(await desk.client.post(f"/attachments/{photo['id']}/link"), 410, "attachment-erased")
    journal = await desk.estate.journal(request_id)
    assert journal.count("intake.attachment.erased.v1") == 2
    lines = [line["what"] for line in await desk.estate.timeline(request_id)]
    assert lines.count("attachment.erased") == 2
    assert await swept(desk, clock, now + 20 * YEAR) == 0, "nothing is left to do"


async def test_a_property_sets_its_own_terms(desk: Sender, clock: Ahead) -> None:
    await desk.estate.open(settings={"attachment.photo_years": 1})
    request_id = (await desk.estate.accept())["id"]
    photo, scan = await desk.attach(request_id, SMALL), await desk.attach(request_id, files.scan(), "scan")
    now = clock.now()
    await withdrawn(desk, request_id, clock)
    await swept(desk, clock, now + YEAR + timedelta(days=40))
    assert await stored(desk.estate, photo["id"]) is None
    assert await stored(desk.estate, scan["id"]) is not None


async def test_j9_files_of_an_erased_person_go_with_him_and_of_nobody_else(
    desk: Sender, clock: Ahead
) -> None:
    estate = desk.estate
    home = [{"unit_id": "3-2-1801", "role": "owner"}]
    people = [{"person_id": "wang", "name": "王小明", "phones": ["13800138000"], "units": home}]
    async with estate.client() as admin:
        answer = await admin.post("/people/bulk", json={"people": people})
        assert answer.status_code == 201, answer.text
    stranger = {"requester": {"name": "陈", "phone": "13900139000"}}
    wang, chen = (await estate.accept())["id"], (await estate.accept(**stranger))["id"]
    his, hers = await desk.attach(wang, SMALL), await desk.attach(chen, SMALL)
    row = await estate.runtime.db["attachments"].find_one({"_id": f"{estate.property_id}:{his['id']}"})
    assert row is not None
    assert (name := row["personal_key"]).startswith("person:")
    url, now = await desk.link(his["id"]), clock.now()
    assert await estate.runtime.vault.erase(estate.property_id, name)
    clock.by = timedelta(seconds=2)
    after = await desk.attach(wang, SMALL)
    await swept(desk, clock, now + timedelta(seconds=CACHE_SECONDS / 2))
    assert await stored(estate, his["id"]) is not None, "the erasure does not hold everywhere yet"
    await swept(desk, clock, now + timedelta(seconds=2 * CACHE_SECONDS))
    assert await stored(estate, his["id"]) is None
    problem(await content(desk, url), 410, "attachment-erased")
    gone = await shown(desk, his["id"])
    assert (gone["status"], gone["erase_reason"], gone["bytes"]) == ("ERASED", "person", "gone")
    assert await stored(estate, hers["id"]) is not None, "of somebody else"
    assert await stored(estate, after["id"]) is not None, "he called again: a new matter"
    assert await estate.runtime.vault.erased(10) == []


async def test_uploads_that_were_never_finished_go_with_their_pieces(desk: Sender, clock: Ahead) -> None:
    upload_id = await desk.upload(SMALL)
    begun = await desk.begin(b"x" * 100)
    assert begun.status_code == 201
    now = clock.now()
    await swept(desk, clock, now + timedelta(hours=23, minutes=55))
    assert (await rows(desk.estate))["uploads"] == 2
    assert (await desk.client.head(f"/uploads/{upload_id}", headers=TUS)).status_code == 200
    await swept(desk, clock, now + timedelta(hours=24, minutes=1))
    assert await rows(desk.estate) == {"uploads": 0, "upload_pieces": 0, "attachments": 0}


async def test_a_keeper_that_has_stopped_makes_its_process_unready(desk: Sender) -> None:
    runtime = desk.estate.runtime
    await AttachmentKeeper(runtime).sweep()
    runtime.beat("attachmentkeeper")
    assert runtime.silent() == []
    runtime._beats["attachmentkeeper"] -= runtime.settings.ready_silence_seconds + 1
    async with httpx.AsyncClient(base_url=desk.estate.url, timeout=PATIENCE_SECONDS) as client:
        answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["silent"]) == (503, ["attachmentkeeper"])
    runtime.beat("attachmentkeeper")
