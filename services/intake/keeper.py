"""The keeper of attachments: deletes the bytes of removed ones, those that no request ever took, those whose
retention term is over, and those of people who were erased; and forgets uploads that were never finished.

It works along one index, a bounded number of rows at a time, and can die anywhere: what it left is due again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from datetime import timedelta

from pymongo.errors import PyMongoError

from services.intake.domain.attachment import Attachment, EraseReason, key_of
from services.intake.domain.attachment_commands import EraseAttachment
from services.intake.repository import attachments as repository
from services.intake.repository import lane_of
from shared.errors import Transient
from shared.failpoints import failpoint
from shared.http.links import Links
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate

log = logging.getLogger(__name__)
SWEEP_EVERY_SECONDS = 5.0
SWEPT_AT_ONCE_MAX = 100
PEOPLE_AT_ONCE_MAX = 10
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
            self._runtime.beat("attachmentkeeper")
            if await self.sweep() == SWEPT_AT_ONCE_MAX:
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY_SECONDS):
                    await wake.wait()

    async def sweep(self) -> int:
        """Look at everything that is due; how many rows that were."""
        runtime = self._runtime
        await repository.drop_expired_uploads(runtime.db, runtime.clock.now(), SWEPT_AT_ONCE_MAX)
        await self._erase_people()
        due = await repository.to_sweep(runtime.db, runtime.clock.now(), SWEPT_AT_ONCE_MAX)
        for n, row in enumerate(due):
            runtime.beat("attachmentkeeper")
            if not await self._looked_at(row):
                return n + 1  # the store is away: the others wait too
        return len(due)

    async def _looked_at(self, row: Attachment) -> bool:
        """Whether the next may be looked at. One file that cannot be deleted must not keep the others."""
        if row.status == "ATTACHED":
            await self._ask(row, "retention")
            return True
        taken = await self._dropped(row) if row.status == "PENDING" else row
        if taken is None:
            return True  # a request took it at the last moment
        try:
            await self._swept(taken)
        except PyMongoError:
            raise
        except Exception as error:
            log.warning("an attachment could not be deleted: %s", type(error).__name__)
            await self._later(taken)
            return not isinstance(error, Transient)
        return True

    async def _later(self, row: Attachment) -> None:
        later = self._runtime.clock.now() + TRY_AGAIN_AFTER
        await repository.replace_attachment(self._runtime.db, replace(row, sweep_at=later))

    async def _erase_people(self) -> None:
        """The files of those whose data key was deleted; a name is done once none of them is left."""
        for erased in await self._runtime.vault.erased(PEOPLE_AT_ONCE_MAX):
            found = await repository.of_erased(self._runtime.db, erased, SWEPT_AT_ONCE_MAX)
            done = [await self._ask(row, "person") for row in found]
            if all(done) and len(found) < SWEPT_AT_ONCE_MAX:
                await self._runtime.vault.swept(erased)

    async def _ask(self, row: Attachment, reason: EraseReason) -> bool:
        """A unit of work decides on the request's own stream; whether it did."""
        self._runtime.beat("attachmentkeeper")
        lane = await lane_of(self._runtime.db, row.property_id, row.request_id)
        cause = Cause(
            id=derived_id("erase", row.property_id, row.id, reason, str(row.version)),
            kind="command",
            property_id=row.property_id,
            stream=row.request_id,
            lane="urgent" if lane == "urgent" else "routine",
            payload=EraseAttachment(request_id=row.request_id, attachment_id=row.id, reason=reason),
        )
        [outcome] = await self._runtime.committer.submit([cause])
        if isinstance(outcome, Applied | Duplicate):
            return True
        log.error("a file whose time is over was not erased: %s", type(outcome).__name__)
        if reason == "retention":
            await self._later(row)
        return False

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
            gone = replace(row, bytes="gone", sweep_at=None, gone_at=self._runtime.clock.now())
            await repository.replace_attachment(db, gone)
