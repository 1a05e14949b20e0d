"""The gap check of slip numbers: those taken against those written (P033)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.dispatch.repository.book import paper_blocks
from services.dispatch.repository.names import NUMBERS, WORK_ORDERS, Database
from shared.kernel.gaps import compared


@dataclass(frozen=True, slots=True)
class VoidSlip:
    """A number that found no use, with its reason."""

    year: int
    number: int
    reason: str
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Slips:
    """The slip numbers of a year: `last` is the highest taken, `paper` those in open blocks.

    What is neither written, void, pending nor on paper is missing.
    """

    last: int
    used: int
    void: tuple[VoidSlip, ...]
    pending: tuple[int, ...]
    paper: tuple[int, ...]
    missing: tuple[int, ...]
    twins: tuple[int, ...]


async def slips(db: Database, property_id: str, series: str, year: int, pending_since: datetime) -> Slips:
    """Compare the numbers taken with the slips written; of very many gaps the first `GAPS_SHOWN_MAX`."""
    query = {"property_id": property_id, "slip_year": year}
    rows = db[WORK_ORDERS].find(query, {"_id": 0, "slip_number": 1}).sort("slip_number", 1)
    seen = await compared(db, property_id, series, year, (row["slip_number"] async for row in rows))
    paper, unused = await _paper(db, property_id, year, set(seen.absent))
    void = tuple(sorted((*map(_void, seen.void()), *unused), key=lambda v: v.number))
    pending = tuple(n for n in seen.pending(pending_since) if n not in paper)
    known = {*pending, *paper, *(v.number for v in void)}
    missing = tuple(n for n in seen.absent if n not in known)
    return Slips(seen.last, seen.used, void, pending, tuple(sorted(paper)), missing, seen.twins)


async def _paper(
    db: Database, property_id: str, year: int, absent: set[int]
) -> tuple[set[int], list[VoidSlip]]:
    """Of the numbers without a slip: those open on paper, and those of sheets that were not used."""
    still: set[int] = set()
    unused: list[VoidSlip] = []
    async for block in paper_blocks(db, property_id, year):
        for one in block.numbers:
            if one.number not in absent:
                continue
            if one.state == "open":
                still.add(one.number)
            elif one.state == "void" and one.at is not None:
                unused.append(VoidSlip(year, one.number, one.reason, one.at))
    return still, unused


async def void_slips(
    db: Database, property_id: str, series: str, year: int, after: int, limit: int
) -> list[VoidSlip]:
    """A page of the void numbers of a year, in their order."""
    query = {
        "property_id": property_id,
        "series": series,
        "year": year,
        "number": {"$gt": after},
        "state": "void",
    }
    rows = await db[NUMBERS].find(query).sort("number", 1).limit(limit).to_list(limit)
    return [_void(row) for row in rows]


def _void(row: Mapping[str, Any]) -> VoidSlip:
    return VoidSlip(row["year"], row["number"], row["reason"], row["taken_at"])
