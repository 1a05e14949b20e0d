"""The keeper of attachments: deletes the bytes of removed ones, and those that no request ever took.

It works along one index, a bounded number of rows at a time, and can die anywhere: what it left is due again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from datetime import timedelta

from pymongo.errors import PyMongoError

from services.intake.domain.attachment import Attachment, key_of
from services.intake.repository import attachments as repository
from shared.failpoints import failpoint
from shared.http.links import Links
from shared.kernel.runtime import Runtime

log = logging.getLogger(__name__)
SWEEP_EVERY_SECONDS = 5.0
SWEPT_AT_ONCE_MAX = 100
TRY_AGAIN_AFTER = timedelta(minutes=1)


class AttachmentKeeper:
    """A loop of the front process; a commit that removed an attachment wakes it at once."""

    def __init__(self, runtime: Runtime) -> None:
        Links(runtime.settings).require()
        self._runtime = runtime

    async def run(self) -> None:
        """Sweep until cancelled."""
        if self._runtime.role != "front":
            return
        wake = self._runtime.wake(repository.ATTACHMENTS)
        while True:
            wake.clear()
            if await self.sweep() == SWEPT_AT_ONCE_MAX:
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY_SECONDS):
                    await wake.wait()

    async def sweep(self) -> int:
        """Look at everything that is due; how many rows that were."""
        due = await repository.to_sweep(self._runtime.db, self._runtime.clock.now(), SWEPT_AT_ONCE_MAX)
        for row in due:
            taken = await self._dropped(row) if row.status == "PENDING" else row
            if taken is None:
                continue  # a request took it at the last moment
            try:
                await self._swept(taken)
            except PyMongoError:
                raise
            except Exception as error:  # one file the store will not delete must not keep the others
                log.warning("an attachment could not be deleted: %s", type(error).__name__)
                later = self._runtime.clock.now() + TRY_AGAIN_AFTER
                await repository.replace_attachment(self._runtime.db, replace(taken, sweep_at=later))
        return len(due)

    async def _dropped(self, row: Attachment) -> Attachment | None:
        """From here on no unit of work can take it."""
        log.info("bytes that no request took are deleted", extra={"property_id": row.property_id})
        return await repository.replace_attachment(self._runtime.db, replace(row, status="DROPPED"))

    async def _swept(self, row: Attachment) -> None:
        db = self._runtime.db
        failpoint("attachment-before-delete")
        await self._runtime.blobs.delete(key_of(row.property_id, row.id))
        failpoint("attachment-bytes-deleted")
        if row.status == "DROPPED":
            await repository.delete_dropped(db, row)
        else:
            await repository.replace_attachment(db, replace(row, bytes="gone", sweep_at=None))
