"""Somebody with a telephone who sends files to a property, for the tests of attachments."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import httpx

from services.intake.domain.attachment import key_of
from services.intake.repository import attachments as repository
from shared.blobs.store import Missing
from tests.connected.intake_kit import Estate, Json

TUS = {"Tus-Resumable": "1.0.0"}
BODY = {**TUS, "Content-Type": "application/offset+octet-stream"}
MIB = 1024 * 1024
SUPERVISOR = ("cs_supervisor",)
DESK = ("cs_officer",)


@dataclass(slots=True)
class Sender:
    """Somebody with a telephone who sends files to a property, and the files' way."""

    estate: Estate
    client: httpx.AsyncClient

    async def begin(
        self, data: bytes, kind: str = "photo", *, declared: str = "", length: int = -1
    ) -> httpx.Response:
        """Begin an upload."""
        said = [f"kind {base64.b64encode(kind.encode()).decode()}", "filename d2FuZy5qcGc="]
        if declared:
            said.append(f"sha256 {base64.b64encode(declared.encode()).decode()}")
        headers = {
            "Upload-Length": str(len(data) if length < 0 else length),
            "Upload-Metadata": ",".join(said),
        }
        return await self.client.post("/uploads", headers=TUS | headers)

    async def upload(self, data: bytes, kind: str = "photo", *, declared: str = "") -> str:
        """A whole file; the id of its upload."""
        begun = await self.begin(data, kind, declared=declared)
        assert begun.status_code == 201, begun.text
        where = begun.headers["Location"].rsplit("/", 1)[1]
        sent = await self.client.patch(
            f"/uploads/{where}", headers=BODY | {"Upload-Offset": "0"}, content=data
        )
        assert sent.status_code == 204, sent.text
        assert sent.headers["Upload-Offset"] == str(len(data))
        return str(where)

    async def add(self, request_id: str, upload_id: str, **headers: str) -> httpx.Response:
        """Add a finished upload to a request."""
        return await self.client.post(
            f"/requests/{request_id}/attachments", json={"upload_id": upload_id}, headers=headers
        )

    async def attach(self, request_id: str, data: bytes, kind: str = "photo") -> Json:
        """A file that was added."""
        answer = await self.add(request_id, await self.upload(data, kind))
        assert answer.status_code == 201, answer.text
        body: Json = answer.json()
        return body

    async def link(self, attachment_id: str) -> str:
        """The address of the bytes, as this person gets it."""
        answer = await self.client.post(f"/attachments/{attachment_id}/link")
        assert answer.status_code == 200, answer.text
        return str(self.estate.url + answer.json()["url"])


async def stored(estate: Estate, attachment_id: str) -> bytes | None:
    """What the store holds of an attachment."""
    try:
        pieces = estate.runtime.blobs.read(key_of(estate.property_id, attachment_id))
        return b"".join([piece async for piece in pieces])
    except Missing:
        return None


async def rows(estate: Estate) -> dict[str, int]:
    """How many uploads, pieces and attachments of this property there are."""
    names = (repository.UPLOADS, repository.PIECES, repository.ATTACHMENTS)
    query = {"property_id": estate.property_id}
    return {name: await estate.runtime.db[name].count_documents(query) for name in names}
