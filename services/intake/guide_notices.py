"""Tells every household of a new edition of the service guide, a page of people at a time (P015).

A page is one unit of work that remembers how far it came: after a crash it goes on there, and nobody is told
twice. Between pages there is a pause, so that a large property does not fill the queues of the messages.
"""

from __future__ import annotations

import asyncio
import logging

from services.intake import repository
from services.intake.domain.guide import Guide
from services.intake.domain.guide_commands import TellGuide
from services.intake.domain.property import Property, setting_number
from services.intake.repository.guide import telling
from shared.ids import derived_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate

log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0
GUIDES_MAX = 100  # of as many properties a page each round
AT_ONCE = "guide.notices_at_once"


class GuideNotices:
    """The loop of the front process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Look for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        while True:
            await self.look()
            self._runtime.beat("guide notices")
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> int:
        """One page of every guide that is being told; how many guides there were."""
        found = await telling(self._runtime.db, GUIDES_MAX)
        causes = [cause for guide in found if (cause := await self._page(guide)) is not None]
        for outcome in await self._runtime.committer.submit(causes) if causes else ():
            if not isinstance(outcome, Applied | Duplicate):
                log.error("households were not told of the guide: %s", type(outcome).__name__)
        return len(found)

    async def _page(self, guide: Guide) -> Cause | None:
        """The next people; nothing while this release does not know the property's profile."""
        property_id = guide.property_id
        settled = await repository.one(self._runtime.db, Property, property_id, property_id)
        profile = self._runtime.catalogue.profiles.get(settled.profile) if settled is not None else None
        if settled is None or profile is None:
            return None
        most = setting_number(profile, settled, AT_ONCE)
        people = await repository.people(self._runtime.db, property_id, "", guide.told_after, most + 1)
        return Cause(
            id=derived_id("guide", property_id, str(guide.telling), guide.told_after),
            kind="command",
            property_id=property_id,
            stream=f"guide:{property_id}",
            lane="routine",
            payload=TellGuide(
                number=guide.telling,
                after=guide.told_after,
                people=tuple(person.id for person in people[:most]),
                last=len(people) <= most,
            ),
        )
