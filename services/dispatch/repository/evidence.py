"""What intake told of the files that slips and callbacks name."""

from __future__ import annotations

from collections.abc import Sequence

from services.dispatch.domain.callback import Callback
from services.dispatch.domain.evidence import AttachmentCopy
from services.dispatch.domain.model import WorkOrder
from services.dispatch.repository.names import ATTACHMENT_COPIES, CODEC, Database
from shared.kernel.kinds import document_id

READ_AT_ONCE_MAX = 1_000
QUERY_MS_MAX = 5_000


async def attachment_copies(
    db: Database, property_id: str, shown: Sequence[WorkOrder | Callback]
) -> dict[str, AttachmentCopy]:
    """The copies of all files on a page, by id; nothing is asked where no file was given."""
    ids = sorted({document_id(property_id, file.id) for one in shown for file in one.attachments})
    found: dict[str, AttachmentCopy] = {}
    for begin in range(0, len(ids), READ_AT_ONCE_MAX):
        query = {"_id": {"$in": ids[begin : begin + READ_AT_ONCE_MAX]}, "property_id": property_id}
        rows = db[ATTACHMENT_COPIES].find(query, max_time_ms=QUERY_MS_MAX)
        async for row in rows:
            copy = CODEC.aggregate(AttachmentCopy, row)
            found[copy.id] = copy
    return found
