"""Blocks of slip numbers on paper for an outage; each is used by a report or void with a reason (P033).

The numbers are those of the one series (J20), taken when the block goes out, so the series stays without gap.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import Conflict, Invalid, NotFound
from shared.texts.say import listed, say, word

PAPER_FIELD = "paper_slip"  # the answer of the form that names a paper slip
PRINTED = re.compile(r"(\d{4})-(\d{1,9})")
OPEN_BLOCKS_MAX = 20  # blocks with open numbers that may be out at once


@dataclass(frozen=True, slots=True)
class PaperNumber:
    """One number of a block: `open` until a report or a reason settles it."""

    number: int
    state: Literal["open", "used", "void"] = "open"
    request_id: str = ""
    reason: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaperBlock:
    """Numbers of a year in somebody's hands. `state` is `settled` once none of them is open."""

    property_id: str
    id: str
    version: int = 0
    year: int = 0
    numbers: tuple[PaperNumber, ...] = ()
    state: Literal["open", "settled"] = "open"
    issued_to: str = ""
    issued_by: str = ""
    issued_at: datetime | None = None
    reason: str = ""

    def number(self, number: int) -> PaperNumber | None:
        """That number, if it belongs to the block."""
        return next((n for n in self.numbers if n.number == number), None)


def issued(
    block: PaperBlock, numbers: Sequence[int], issued_to: str, by: str, reason: str, now: datetime
) -> PaperBlock:
    """The block as it goes out."""
    return dataclasses.replace(
        block,
        numbers=tuple(PaperNumber(n) for n in sorted(numbers)),
        issued_to=issued_to,
        issued_by=by,
        issued_at=now,
        reason=reason,
    )


def printed(text: object) -> tuple[int, int] | None:
    """Year and number of a slip as printed, 2026-000045; None for anything else."""
    found = PRINTED.fullmatch(text.strip()) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found is not None else None


def holding(blocks: Sequence[PaperBlock], year: int, number: int) -> PaperBlock | None:
    """The block in which that number is still open."""
    for block in blocks:
        one = block.number(number) if block.year == year else None
        if one is not None and one.state == "open":
            return block
    return None


def used(block: PaperBlock, number: int, request_id: str, by: str, now: datetime) -> PaperBlock:
    """The number has its report."""
    return _settled(block, PaperNumber(number, "used", request_id, by=by, at=now))


def voided(block: PaperBlock, number: int, reason: str, by: str, now: datetime) -> PaperBlock:
    """The sheet was not used, and why. Raises NotFound, or Conflict where it is settled already."""
    one = block.number(number)
    if one is None:
        open_ones = listed(str(n.number) for n in block.numbers if n.state == "open")
        detail = say("Number {number} is not in this block.", number=number)
        raise NotFound("paper-number", detail, field="number", accepted=open_ones or "none is open")
    if one.state != "open":
        detail = say(
            "Number {number} is {state} already; a number is never changed (P033).",
            number=number,
            state=word(one.state),
        )
        raise Conflict("paper-settled", detail, field="number")
    return _settled(block, PaperNumber(number, "void", reason=reason, by=by, at=now))


def check_size(count: int, limit: int) -> None:
    """Raises Invalid for a block that is too large."""
    if count > limit:
        detail = say("A block has at most {limit} numbers here.", limit=limit)
        raise Invalid("paper-block-size", detail, field="count", accepted=say("1 to {limit}", limit=limit))


def check_open(blocks: Sequence[PaperBlock]) -> None:
    """Raises Conflict where so many blocks are out that a further one would not be looked into."""
    if len(blocks) >= OPEN_BLOCKS_MAX:
        raise Conflict(
            "too-many-paper-blocks",
            say("{most} blocks with open numbers are out already (P033).", most=OPEN_BLOCKS_MAX),
            field="count",
            accepted="another block once the numbers of one are used or void",
        )


def _settled(block: PaperBlock, changed: PaperNumber) -> PaperBlock:
    numbers = tuple(changed if n.number == changed.number else n for n in block.numbers)
    still = any(n.state == "open" for n in numbers)
    return dataclasses.replace(block, numbers=numbers, state="open" if still else "settled")
