"""The bytes of an attachment on their way out, checked against their hash while they go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256

from services.intake.domain.attachment import Attachment, key_of
from shared.blobs.store import BlobStore, Missing
from shared.errors import Bug


async def pieces_of(store: BlobStore, attachment: Attachment) -> AsyncIterator[bytes]:
    """The bytes in pieces. Raises Bug if the store has lost them or holds another size."""
    key = key_of(attachment.property_id, attachment.id)
    try:
        size = await store.size(key)
    except Missing as error:
        raise Bug("the bytes of an attachment are missing") from error
    if size != attachment.size_bytes:
        raise Bug("the bytes of an attachment have another size")
    return _checked(store.read(key), attachment)


async def _checked(pieces: AsyncIterator[bytes], attachment: Attachment) -> AsyncIterator[bytes]:
    """The last piece is held back until the hash is right: altered bytes never arrive whole."""
    digest, held = sha256(), b""
    async for piece in pieces:
        digest.update(piece)
        if held:
            yield held
        held = piece
    if digest.hexdigest() != attachment.sha256:
        raise Bug("the bytes of an attachment were altered")
    yield held
