"""Bytes in an S3-compatible store (MinIO, Ceph, OSS, AWS): one bucket, made by whoever runs the store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from shared.blobs.store import PIECE_BYTES, Missing
from shared.errors import Transient
from shared.settings import Settings

_ABSENT = {"NoSuchKey", "404", "NotFound"}
_TRIES_MAX = 2
_CONNECTIONS_MAX = 10


class S3Store:
    """One client per process, made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bucket = settings.s3_bucket
        self._client: Any = None
        self._closing = AsyncExitStack()
        self._making = asyncio.Lock()

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """One request: it is there whole or not at all."""
        with _failures(key):
            client = await self._connected()
            await client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=media_type)

    async def size(self, key: str) -> int:
        """How many bytes lie under the key. Raises Missing."""
        with _failures(key):
            answer = await (await self._connected()).head_object(Bucket=self._bucket, Key=key)
            return int(answer["ContentLength"])

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The bytes in pieces."""
        with _failures(key):
            client = await self._connected()
            answer = await client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as body:
                async for piece in body.iter_chunks(PIECE_BYTES):
                    yield piece

    async def delete(self, key: str) -> None:
        """S3 forgets what is not there as gladly."""
        with _failures(key):
            await (await self._connected()).delete_object(Bucket=self._bucket, Key=key)

    async def close(self) -> None:
        """Close the connections."""
        await self._closing.aclose()
        self._client = None

    async def _connected(self) -> Any:
        async with self._making:
            if self._client is None:
                self._client = await self._closing.enter_async_context(self._make())
        return self._client

    def _make(self) -> Any:
        settings = self._settings
        config = AioConfig(
            connect_timeout=settings.s3_timeout_seconds,
            read_timeout=settings.s3_timeout_seconds,
            retries={"max_attempts": _TRIES_MAX, "mode": "standard"},
            max_pool_connections=_CONNECTIONS_MAX,
            s3={"addressing_style": settings.s3_addressing, "payload_signing_enabled": False},
            request_checksum_calculation="when_required",  # most compatible stores know no other
            response_checksum_validation="when_required",
        )
        return get_session().create_client(
            "s3",
            endpoint_url=settings.s3_endpoint_url or None,
            region_name=settings.s3_region,
            aws_access_key_id=settings.s3_access_key_id.get_secret_value(),
            aws_secret_access_key=settings.s3_secret_access_key.get_secret_value(),
            config=config,
        )


@contextlib.contextmanager
def _failures(key: str) -> Iterator[None]:
    """What the library raises, as our errors: absent, or a store that does not answer."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise Missing(key) from error
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
        if status >= 500 or status == 429:
            raise Transient(f"the object store answers {code}") from error
        raise
    except (BotoCoreError, HTTPClientError, TimeoutError, OSError) as error:
        raise Transient(f"the object store does not answer: {type(error).__name__}") from error
