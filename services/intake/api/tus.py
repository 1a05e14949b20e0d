"""What tus 1.0 asks of every exchange: its headers, understood or refused, and on every answer."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Coroutine
from datetime import UTC
from email.utils import format_datetime
from hashlib import sha1, sha256
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from services.intake.repository.attachments import Upload
from shared.errors import Invalid, Rejected, Stale
from shared.http.problems import rejected, remember
from shared.texts.say import as_is, say

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
BODY_TYPE = "application/offset+octet-stream"
METADATA_CHARS_MAX = 4_096
DIGITS_MAX = 15
_DIGESTS = {"sha1": lambda: sha1(usedforsecurity=False), "sha256": sha256}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TusRoute(APIRoute):
    """Refuses other versions of the protocol, and names ours on every answer, refusals too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, in its wrapping."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                _check_version(request)
                response = await inner(request)
            except Rejected as error:
                remember(request, error.kind, error)
                response = rejected(error)
            response.headers["Tus-Resumable"] = VERSION
            if response.status_code == 412:
                response.headers["Tus-Version"] = VERSION
            return response

        return handler


def _check_version(request: Request) -> None:
    if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
        raise Stale(
            "tus-version",
            "This version of the upload protocol is not spoken here.",
            field="Tus-Resumable",
            accepted=as_is(VERSION),
        )


def number(request: Request, header: str) -> int:
    """A header that counts bytes. Raises Invalid."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise Invalid(
            "invalid-header",
            say("{header} is missing or no number.", header=header),
            field=header,
            accepted="bytes",
        )
    return int(text)


def metadata(request: Request) -> dict[str, str]:
    """Upload-Metadata: keys with values in base64. Raises Invalid. What is not asked for is not read."""
    text = request.headers.get("upload-metadata", "")
    wrong = Invalid(
        "invalid-header",
        "Upload-Metadata is not understood.",
        field="Upload-Metadata",
        accepted="pairs like `kind cGhvdG8=` with commas between: the kind, and the sha256 if known",
    )
    if len(text) > METADATA_CHARS_MAX:
        raise wrong
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = pair.partition(" ")
        if key not in {"kind", "sha256"}:
            continue  # a file's name above all: it may hold a person's, and decides nothing
        try:
            found[key] = base64.b64decode(value, validate=True).decode("ascii")
        except (binascii.Error, UnicodeError) as error:
            raise wrong from error
    return found


def declared_hash(text: str) -> str:
    """The SHA-256 of the whole file, if the sender knows it. Raises Invalid."""
    if text and not _SHA256.fullmatch(text):
        raise Invalid(
            "invalid-hash",
            "This is no SHA-256.",
            field="sha256",
            accepted="64 small hexadecimal digits",
        )
    return text


class Checksum:
    """The Upload-Checksum of one body, if it has one."""

    def __init__(self, request: Request) -> None:
        text = request.headers.get("upload-checksum", "")
        self.given = bool(text)
        if not text:
            return
        name, _, value = text.partition(" ")
        try:
            self._expected = base64.b64decode(value, validate=True)
            self._digest = _DIGESTS[name]()
        except (KeyError, ValueError) as error:
            raise Invalid(
                "invalid-header",
                "Upload-Checksum is not understood.",
                field="Upload-Checksum",
                accepted="sha256 or sha1, a space, and the checksum of this body in base64",
            ) from error

    def update(self, data: bytes) -> None:
        """More of the body."""
        if self.given:
            self._digest.update(data)

    @property
    def right(self) -> bool:
        """Whether the body was what its sender meant."""
        return not self.given or self._digest.digest() == self._expected


def progress(upload: Upload) -> dict[str, str]:
    """How far an upload is, and how long it may take."""
    expires = format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
    return {"Upload-Offset": str(upload.offset), "Upload-Expires": expires}
