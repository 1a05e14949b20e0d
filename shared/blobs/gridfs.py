"""Bytes in MongoDB: GridFS, in a database of its own, so that the work's data stays small."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import NoFile

from shared.blobs.store import PIECE_BYTES, Missing
from shared.mongo.client import Database


class GridFSStore:
    """The bucket `blobs` of a database."""

    def __init__(self, db: Database) -> None:
        self._bucket = AsyncGridFSBucket(db, bucket_name="blobs", chunk_size_bytes=PIECE_BYTES)

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """The chunks first, then the file that names them: a broken attempt is never read."""
        await self.delete(key)
        await self._bucket.upload_from_stream_with_id(key, key, data, metadata={"media_type": media_type})

    async def size(self, key: str) -> int:
        """How many bytes lie under the key. Raises Missing."""
        try:
            return int((await self._bucket.open_download_stream(key)).length)
        except NoFile as error:
            raise Missing(key) from error

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes in pieces."""
        try:
            stream = await self._bucket.open_download_stream(key)
        except NoFile as error:
            raise Missing(key) from error
        while piece := await stream.readchunk():
            yield piece

    async def delete(self, key: str) -> None:
        """The file, then its chunks, also those without a file."""
        with contextlib.suppress(NoFile):
            await self._bucket.delete(key)

    async def close(self) -> None:
        """Nothing: the client belongs to the process."""
