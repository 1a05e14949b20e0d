"""What happens at the door and inside: the visit of a technician to a home or a public place (P016, P017).

One value per work order, about the visit that is going on; earlier ones stand in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Place = Literal["", "expected", "door", "inside", "away"]
HELPERS_MAX = 5
MATERIALS_MAX = 30


@dataclass(frozen=True, slots=True)
class Used:
    """Material as written on the form, in the words of the trade."""

    name: str
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the technician is and what has been done there.

    `ordered`: somebody of the household wants it (R9). `away`: he has left and comes again; `expected`: a new
    time is agreed. `rang_at`: the bell of this visit. `rating` 1 to 5, 0 where the owner gives none.
    """

    ordered: bool = True
    own_material: bool = False
    place: Place = ""
    visits: int = 0
    rang_at: tuple[datetime, ...] = ()
    form_confirmed: bool = False
    companion_id: str = ""
    late: int = 0
    no_shows: int = 0
    waiting_since: datetime | None = None
    helpers: tuple[str, ...] = ()
    worked: tuple[str, ...] = ()
    materials: tuple[Used, ...] = ()
    cleaned_at: datetime | None = None
    rating: int | None = None
