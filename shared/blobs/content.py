"""What an uploaded file really is, and the same file without what it should not carry.

The bytes decide, never a name or an announced type: a picture must decode to its last pixel and is encoded
anew, a PDF must open and is written anew. So metadata, hidden parts and whatever was appended do not survive.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce

from shared.texts.say import as_is, say

PDF = "application/pdf"
IMAGES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
"""The media types of pictures, and what Pillow calls them."""
NAMES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", PDF: "PDF"}
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SVG = re.compile(rb"<(\w+:)?svg[\s>/]", re.IGNORECASE)
_HEAD_BYTES = 4_096


class Unfit(Exception):
    """A file that is not taken: `kind` is stable, `detail` and `accepted` are for whoever sent it."""

    def __init__(self, kind: str, detail: str, accepted: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.accepted = accepted


@dataclass(frozen=True, slots=True)
class Rules:
    """What is taken: media types, and how much a file may unfold to."""

    media_types: tuple[str, ...]
    pixels_max: int
    pages_max: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file fit to be kept. Width and height in pixels, for pictures; pages, for PDF."""

    media_type: str
    data: bytes
    width: int = 0
    height: int = 0
    pages: int = 0


def clean(data: bytes, rules: Rules) -> Cleaned:
    """The file without metadata. Raises Unfit. Costs time and memory: call it in `shared.blobs.sandbox`."""
    accepted = accepted_types(rules.media_types)
    if not data:
        raise Unfit("file-empty", "The file is empty.", accepted)
    if data.startswith(b"%PDF-"):
        if PDF not in rules.media_types:
            raise Unfit("file-type-not-accepted", "A PDF is not accepted here.", accepted)
        from shared.blobs.pdf import clean_pdf  # only PDFs pay for loading its library

        return clean_pdf(data, rules, accepted)
    from shared.blobs.picture import clean_picture

    cleaned = clean_picture(data, rules, accepted)
    if cleaned is None:
        raise _stranger(data[:_HEAD_BYTES], accepted)
    return cleaned


def accepted_types(media_types: Collection[str]) -> str:
    """The media types as people call them."""
    names: list[str] = [as_is(NAMES[one]) for one in media_types]
    return reduce(lambda these, this: say("{these} or {this}", these=these, this=this), names)


def _stranger(head: bytes, accepted: str) -> Unfit:
    """Why a file is refused that is nothing we take, with what to send instead where that is known."""
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        return Unfit(
            "file-heic",
            "HEIC pictures are not accepted; set the camera to 'most compatible', or send it as JPEG or PNG.",
            accepted,
        )
    if _SVG.search(head):
        return Unfit(
            "file-svg",
            "SVG drawings are not accepted: they can carry programs. Send a PNG.",
            accepted,
        )
    return Unfit("file-type-not-accepted", "This kind of file is not accepted.", accepted)
