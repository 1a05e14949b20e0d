"""Where bytes lie: one interface, GridFS by default, an S3-compatible store by setting.

Keys are made of ids, never of names people gave. Bytes are written once under their key and never changed;
who writes them records the key first (see docs/attachments.md), so that nothing is ever lost or orphaned.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from shared.mongo.client import Client
from shared.settings import Settings

PIECE_BYTES = 256 * 1024


class Missing(Exception):
    """The store has nothing under this key."""


class BlobStore(Protocol):
    """A store of bytes. Raises Transient when it does not answer."""

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Keep the bytes; returns once they are durable. What an earlier, broken attempt left is replaced."""
        ...

    async def size(self, key: str) -> int:
        """How many bytes lie under the key. Raises Missing."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes in pieces of at most 256 KiB. Raises Missing."""
        ...

    async def delete(self, key: str) -> None:
        """Forget the bytes, also those of a broken attempt; nothing happens if there are none."""
        ...

    async def close(self) -> None:
        """Close the connections that are the store's own."""
        ...


def open_store(settings: Settings, client: Client) -> BlobStore:
    """The store the settings name; connects when it is first used."""
    if settings.blob_store == "s3":
        from shared.blobs.s3 import S3Store  # its library is large, and only here needed

        return S3Store(settings)
    from shared.blobs.gridfs import GridFSStore

    return GridFSStore(client[settings.database("blobs")])
