"""Photos and scans sent by tus while processes die: in pieces, resumed where they broke off, then added."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Awaitable, Callable
from hashlib import sha256
from random import Random

import httpx
from PIL import Image

from shared.ids import new_id
from tools.chaos.desk import ChaosDesk
from tools.client import Client, Json, UnreachableError
from tools.demo.group import Staff

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}
PIECES = (1, 4)
SIDES = (48, 64, 96, 160)
LARGE_SIDE, LARGE_SHARE = 640, 0.1  # more than a megabyte: the services cut it into pieces of their own
AGAIN_SECONDS = 0.5
CREATED, ACCEPTED, ELSEWHERE, BUSY, WRONG = 201, 204, 409, 503, 500
Attempt = Callable[[], Awaitable[httpx.Response]]


def picture(random: Random) -> bytes:
    """A picture like no other."""
    side = LARGE_SIDE if random.random() < LARGE_SHARE else random.choice(SIDES)
    out = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.randbytes(side * side * 3)).save(out, "PNG")
    return out.getvalue()


class Files:
    """Somebody of one property who sends files; what was answered is written down for the checker."""

    def __init__(self, desk: ChaosDesk, random: Random) -> None:
        self._desk = desk
        self._random = random

    async def attach(self, request_id: str, kind: str = "photo") -> Json:
        """One file of a request, from its first byte to its place among the attachments."""
        sender = self._sender()
        client, data = self._desk.speaks(sender), picture(self._random)
        upload_id = await self._uploaded(client, data, kind)
        self._desk.note_sent(upload_id, sha256(data).hexdigest(), len(data))
        path = f"{self._desk.base}/requests/{request_id}/attachments"
        added = await client.post("intake", path, {"upload_id": upload_id}, key=new_id())
        self._desk.note_file(request_id, added["id"], added["sha256"], sha256(data).hexdigest())
        return added

    async def read(self, added: Json) -> None:
        """The bytes through a link are those that were kept."""
        client = self._desk.as_role("repair_supervisor")
        path = f"{self._desk.base}/attachments/{added['id']}/link"
        link = await client.post("intake", path, {})
        answer = await self._until(lambda: client.send("intake", "GET", link["url"]), (200,))
        if sha256(answer.content).hexdigest() != added["sha256"]:
            self._desk.note("file-changed", added["id"], "a link gave other bytes than were kept")

    async def remove(self, added: Json) -> None:
        """A supervisor takes it away: its bytes go, its record stays."""
        path = f"{self._desk.base}/attachments/{added['id']}/remove"
        await self._desk.as_role("cs_supervisor").post("intake", path, {"reason": "误传"}, key=new_id())
        self._desk.note_file_removed(added["id"])

    def _sender(self) -> Staff:
        people = [one for one in self._desk.estate.staff if one.role in ("technician", "cs_officer")]
        return self._random.choice(people)

    async def _uploaded(self, client: Client, data: bytes, kind: str) -> str:
        """The id of the finished upload."""
        base = f"{self._desk.base}/uploads"
        said = {"kind": kind, "sha256": sha256(data).hexdigest()}
        metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
        headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
        headers["Idempotency-Key"] = new_id()
        begun = await self._until(lambda: client.send("intake", "POST", base, headers), (CREATED,))
        where = str(begun.headers["Location"])
        size = len(data) // self._random.randint(*PIECES) + 1
        offset = 0
        while offset < len(data):
            offset = await self._piece(client, where, data, offset, size)
        return where.rpartition("/")[2]

    async def _piece(self, client: Client, where: str, data: bytes, offset: int, size: int) -> int:
        """How much has arrived after one more piece, whatever became of its answer."""
        headers = {**BODY, "Upload-Offset": str(offset)}
        piece = data[offset : offset + size]
        try:
            answer = await client.send("intake", "PATCH", where, headers, piece)
        except UnreachableError:
            return await self._offset(client, where)
        if answer.status_code != ACCEPTED:
            self._check(answer, (ELSEWHERE,))
            return await self._offset(client, where)
        return int(answer.headers["Upload-Offset"])

    async def _offset(self, client: Client, where: str) -> int:
        await asyncio.sleep(AGAIN_SECONDS)
        answer = await self._until(lambda: client.send("intake", "HEAD", where, TUS), (200,))
        return int(answer.headers["Upload-Offset"])

    async def _until(self, attempt: Attempt, wanted: tuple[int, ...]) -> httpx.Response:
        """The same call again and again until it is answered as wanted."""
        while True:
            try:
                answer = await attempt()
            except UnreachableError:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if answer.status_code in wanted:
                return answer
            self._check(answer, ())
            await asyncio.sleep(AGAIN_SECONDS)

    def _check(self, answer: httpx.Response, accepted: tuple[int, ...]) -> None:
        """503 is no mistake of the service; whatever else was not asked for is one."""
        status = answer.status_code
        if status in (BUSY, *accepted):
            return
        asked = answer.request
        said = f"{status} {answer.text[:200]}"
        self._desk.note(
            "answer-5xx" if status >= WRONG else "load-refused", f"{asked.method} {asked.url.path}", said
        )
        if status < WRONG:
            raise RefusedError(f"{asked.method} {asked.url.path}: {said}")


class RefusedError(Exception):
    """A step of a file was refused; it is noted already."""
