"""The books of a property: billing's own copy of its settings. One currency for ever (ruling J27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.deadlines import local_year


@dataclass(frozen=True, slots=True)
class Books:
    """A property as billing knows it; the id is the property's."""

    property_id: str
    id: str
    version: int
    zone: str
    profile: str
    currency: str

    def year(self, moment: datetime) -> int:
        """The year a receipt of that moment belongs to: it turns in the property's zone."""
        return local_year(moment, self.zone)
