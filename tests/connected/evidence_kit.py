"""Files given with the steps of a slip: what intake tells of them, and how a step names them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import orjson

from shared.events.intake import AttachmentAdded, AttachmentKind
from shared.ids import new_id
from shared.settings import Settings
from tests.connected.dispatch_desk import Desk, Json, open_desk

TECHNICIAN = "technician"


def hash_of(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def added(request_id: str, kind: AttachmentKind = "photo", by: str = "tech-1") -> AttachmentAdded:
    """What intake tells of a file it has kept."""
    id = new_id()
    return AttachmentAdded(
        request_id=request_id,
        attachment_id=id,
        kind=kind,
        sha256=hash_of(id),
        media_type="image/png",
        size_bytes=10,
        added_by=by,
        added_at="2026-03-02T01:00:00Z",
    )


def named(event: AttachmentAdded, **changes: str) -> Json:
    """The file as it is given with a step."""
    return {"id": event.attachment_id, "sha256": event.sha256, "kind": event.kind, **changes}


async def kept(desk: Desk, request_id: str, kind: AttachmentKind = "photo", by: str = "tech-1") -> Json:
    """A file dispatch has heard of."""
    event = added(request_id, kind, by)
    await desk.hear(event)
    return named(event)


async def reported(desk: Desk, **changes: Any) -> tuple[str, str]:
    """A public repair; its request and its work order."""
    request_id = new_id()
    changes = {"procedure": "repair-report", "area": "public", **changes}
    return request_id, await desk.report(request_id, **changes)


async def facts(desk: Desk, request_id: str, kind: str = "work_order.step_taken") -> list[Json]:
    """What the events of a request say."""
    return [orjson.loads(row["data"]) for row in await desk.told(kind, request_id)]


@asynccontextmanager
async def open_files_desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate whose people give files with their steps."""
    async with open_desk(settings) as made:
        people = [("tech-1", TECHNICIAN), ("boss-1", "repair_supervisor"), ("head-1", "department_head")]
        await made.staff("engineering", *people, hours=20)
        await made.staff("service", ("super-1", "cs_supervisor"), hours=20)
        yield made


async def step(desk: Desk, order_id: str, action: str, *files: Json, **body: Any) -> Json:
    return await desk.take(TECHNICIAN, order_id, action, {**body, "attachments": files}, sub="tech-1")
