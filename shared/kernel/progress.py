"""Order per stream: what a consumer has seen of a stream, and what an arriving event means for it (guarantee
4).

Pure. One row a stream: `seen` is the highest sequence applied per producer, `own` counts our own events on
the stream. The row is duplicate check, order, gap and own sequence in one; it lives as long as its stream, so
a replay of any age changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Position = Literal["next", "duplicate", "early"]


@dataclass(slots=True)
class Progress:
    """One stream as this service knows it.

    `version` 0: not stored yet. Mutable: it is the overlay of one batch.
    """

    property_id: str
    stream: str
    lane: str
    version: int = 0
    own: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    parked: str = ""
    opened_by: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """The id of the row: property and stream."""
        return f"{self.property_id}:{self.stream}"

    def document(self, version: int) -> dict[str, Any]:
        """The row as stored."""
        row: dict[str, Any] = {
            "_id": self.id,
            "property_id": self.property_id,
            "stream": self.stream,
            "lane": self.lane,
            "version": version,
            "own": self.own,
            "seen": self.seen,
            "waiting": self.waiting,
            "parked": self.parked,
        }
        if self.opened_by is not None:
            row["opened_by"] = self.opened_by
        return row

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Progress:
        """From the stored row."""
        return cls(
            row["property_id"],
            row["stream"],
            row["lane"],
            row["version"],
            row["own"],
            dict(row["seen"]),
            row["waiting"],
            row["parked"],
            row.get("opened_by"),
        )


def position(
    seen: Mapping[str, int], source: str, sequence: int, after: Mapping[str, int], reads: tuple[str, ...]
) -> Position:
    """What an event is for a reader: the next of its producer with its causes seen, one seen before, or one
    too
    early.

    `after` counts only for producers this reader reads: it will never see the others.
    """
    have = seen.get(source, 0)
    if sequence <= have:
        return "duplicate"
    if sequence > have + 1:
        return "early"
    if any(seen.get(producer, 0) < count for producer, count in after.items() if producer in reads):
        return "early"
    return "next"
