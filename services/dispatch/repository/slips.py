"""The gap check of slip numbers: those taken against those written (P033)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.dispatch.repository.book import paper_blocks
from services.dispatch.repository.names import COUNTERS, NUMBERS, WORK_ORDERS, Database

GAPS_SHOWN_MAX = 1_000


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
    counter = await db[COUNTERS].find_one({"_id": f"{property_id}:{series}:{year}"})
    query = {"property_id": property_id, "slip_year": year}
    shown = {"_id": 0, "slip_number": 1}
    written: set[int] = set()
    twins: set[int] = set()
    async for row in db[WORK_ORDERS].find(query, shown).sort("slip_number", 1):
        (twins if row["slip_number"] in written else written).add(row["slip_number"])
    last = max([*written, 0 if counter is None else int(counter["last"])], default=0)
    absent = [n for n in range(1, last + 1) if n not in written][:GAPS_SHOWN_MAX]
    rows = await _taken(db, property_id, series, year, absent)
    void = tuple(_void(rows[n]) for n in absent if n in rows and rows[n]["state"] == "void")
    pending = tuple(
        n for n in absent if n in rows and rows[n]["state"] == "taken" and rows[n]["taken_at"] > pending_since
    )
    paper, unused = await _paper(db, property_id, year, set(absent))
    void = tuple(sorted((*void, *unused), key=lambda v: v.number))
    pending = tuple(n for n in pending if n not in paper)
    known = {*pending, *paper, *(v.number for v in void)}
    missing = tuple(n for n in absent if n not in known)
    return Slips(last, len(written), void, pending, tuple(sorted(paper)), missing, tuple(sorted(twins)))


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


async def _taken(
    db: Database, property_id: str, series: str, year: int, numbers: Sequence[int]
) -> dict[int, dict[str, Any]]:
    if not numbers:
        return {}
    query = {"property_id": property_id, "series": series, "year": year, "number": {"$in": list(numbers)}}
    return {row["number"]: row async for row in db[NUMBERS].find(query).limit(len(numbers))}


def _void(row: Mapping[str, Any]) -> VoidSlip:
    return VoidSlip(row["year"], row["number"], row["reason"], row["taken_at"])
