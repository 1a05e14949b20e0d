"""The properties a sender may send for, with their quiet hours: read now and then, kept in memory."""

from __future__ import annotations

import asyncio

from services.notify import repository
from services.notify.domain.copies import PropertyCopy
from services.notify.domain.quiet import QuietHours
from services.notify.handlers import quiet_hours
from shared.catalogue.load import Catalogue

FRESH_SECONDS = 2.0


class Directory:
    """All known properties; `stale` makes the next question read them again."""

    def __init__(self, db: repository.Database, catalogue: Catalogue) -> None:
        self._db = db
        self._catalogue = catalogue
        self._copies: dict[str, PropertyCopy] = {}
        self._quiet: dict[str, QuietHours | None] = {}
        self._fresh_until = 0.0

    def stale(self) -> None:
        """A property was configured."""
        self._fresh_until = 0.0

    async def property_ids(self) -> list[str]:
        """The properties messages may be sent for."""
        now = asyncio.get_running_loop().time()
        if now >= self._fresh_until:
            self._fresh_until = now + FRESH_SECONDS
            self._copies = await repository.properties(self._db)
            self._quiet = {p: quiet_hours(copy, self._catalogue) for p, copy in self._copies.items()}
        return list(self._copies)

    def is_training(self, property_id: str) -> bool:
        """Whether its messages stay on the machine."""
        return self._copies[property_id].training

    def quiet(self, property_id: str) -> QuietHours | None:
        """Its quiet hours."""
        return self._quiet[property_id]
