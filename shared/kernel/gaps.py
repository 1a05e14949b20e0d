"""The gap check of numbers: those taken of a series against those written on something (guarantee 6)."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from shared.kernel.numbers import COUNTERS, NUMBERS

GAPS_SHOWN_MAX = 1_000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """The numbers of a year: `last` is the highest taken, `twins` are written twice.

    `absent`: without anything that bears them, of very many the first `GAPS_SHOWN_MAX`; `taken` are the rows
    of those that were taken.
    """

    last: int
    used: int
    twins: tuple[int, ...]
    absent: tuple[int, ...]
    taken: Mapping[int, Row]

    def void(self) -> tuple[Row, ...]:
        """The rows of those that found no use."""
        return tuple(row for row in self._rows() if row["state"] == "void")

    def pending(self, since: datetime) -> tuple[int, ...]:
        """Those taken later than that, which may still be on their way."""
        young = (row for row in self._rows() if row["state"] == "taken" and row["taken_at"] > since)
        return tuple(row["number"] for row in young)

    def _rows(self) -> tuple[Row, ...]:
        return tuple(self.taken[n] for n in self.absent if n in self.taken)


async def compared(
    db: AsyncDatabase[Row], property_id: str, series: str, year: int, written: AsyncIterable[int]
) -> Compared:
    """Compare the numbers taken with those written."""
    counter = await db[COUNTERS].find_one({"_id": f"{property_id}:{series}:{year}"})
    once: set[int] = set()
    twins: set[int] = set()
    async for number in written:
        (twins if number in once else once).add(number)
    last = max([*once, 0 if counter is None else int(counter["last"])], default=0)
    absent = [n for n in range(1, last + 1) if n not in once][:GAPS_SHOWN_MAX]
    taken: dict[int, Row] = {}
    if absent:
        query = {"property_id": property_id, "series": series, "year": year, "number": {"$in": absent}}
        taken = {row["number"]: row async for row in db[NUMBERS].find(query).limit(len(absent))}
    return Compared(last, len(once), tuple(sorted(twins)), tuple(absent), taken)
