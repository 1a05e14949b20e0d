"""What is done once for each property in its time: the check of a night, the reports of a week.

A loop of the front process looks often and cheaply. What is done leaves a record of its own, so that another
process, or this one after a restart, does not do it again; what failed is tried again at the next look.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

from services.dispatch import repository
from services.dispatch.domain.model import PropertyCopy
from shared.errors import Rejected
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Duplicate

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0  # more often than a silent loop makes its process unready


class Once(ABC):
    """The loop; who inherits says when it is time and what is done then."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._done: dict[str, str] = {}  # property -> the last night or week known to be done

    @abstractmethod
    def due(self, settings: PropertyCopy | None) -> str:
        """The night or week whose hour has come there; empty before it has."""

    @abstractmethod
    async def do(self, property_id: str, settings: PropertyCopy | None, name: str) -> Cause | None:
        """The command that records what was done in that night or week; None where nothing is to be done."""

    async def run(self) -> None:
        """Look for ever; the bulk process leaves it to the front."""
        if self._runtime.role != "front":
            return
        while True:
            await self.look()
            self._runtime.beat(type(self).__name__.lower())
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Every property whose hour has come; one whose figures cannot be made holds up no other."""
        properties = await repository.properties_with_work(self._runtime.db)
        known = await repository.all_settings(self._runtime.db, properties)
        for property_id in properties:
            name = self.due(known.get(property_id))
            if not name or self._done.get(property_id) == name:
                continue
            try:
                cause = await self.do(property_id, known.get(property_id), name)
            except Rejected as error:
                log.error("%s %s of a property cannot be made: %s", type(self).__name__, name, error.kind)
                continue
            if cause is None or await self._recorded(cause):
                self._done[property_id] = name

    async def _recorded(self, cause: Cause) -> bool:
        [outcome] = await self._runtime.committer.submit([cause])
        if not isinstance(outcome, Applied | Duplicate):
            log.error("%s was not recorded: %s", type(self).__name__, type(outcome).__name__)
        return isinstance(outcome, Applied | Duplicate)
