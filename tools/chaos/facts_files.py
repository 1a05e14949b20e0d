"""What the rules judge about files: what clients sent and were told, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """An upload whose last byte was taken, with the hash of what was sent."""

    property_id: str
    upload_id: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Given:
    """A file a client was told was added: `sha256` of what is kept; `removed`: it was taken away again."""

    property_id: str
    request_id: str
    attachment_id: str
    sha256: str
    sent_sha256: str
    removed: bool


@dataclass(frozen=True, slots=True)
class File:
    """A row of an attachment in intake, and how often it was told that it was added."""

    property_id: str
    id: str
    request_id: str
    status: str
    bytes: str
    sha256: str
    sent_sha256: str
    size: int
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blob:
    """What lies under a key of the store, hashed byte by byte. `size` is what the store says."""

    key: str
    sha256: str
    size: int
    length: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """An upload that is still there: how much of it has arrived."""

    property_id: str
    id: str
    offset: int
    length: int
