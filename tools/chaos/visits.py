"""Who calls when about what: the seeded plan of the load. Pure: the same seed gives the same plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

CALLS = {
    "general": 90,
    "urgent": 28,
    "emergency": 20,
    "overdue": 30,
    "raised": 5,
    "car": 10,
    "complaint_left": 5,
    "complaint_overdue": 8,
    "inquiry_left": 2,
}
"""Calls nobody does anything about while the run lasts: they wait, and their deadlines come."""
LIVES = {
    "indoor": 5,
    "public": 3,
    "urgent": 1,
    "emergency": 2,
    "withdrawn": 2,
    "cancelled": 4,
    "car_used": 1,
    "car_in_time": 1,
    "car_late": 1,
}
"""Calls that people see through to the end: the scripts of the demonstration."""
DEEPER = {
    "refused_slip": 2,
    "nobody_home": 1,
    "not_satisfied": 2,
    "called_back": 2,
    "leak": 2,
    "joined": 1,
    "on_paper": 1,
    "complaint": 4,
    "unfounded": 1,
    "inquiry": 1,
    "message": 1,
    "files": 3,
}
"""Calls that do not go straight (`tools/chaos/lives`), seen through to the end as well."""
LIVED = {**LIVES, **DEEPER}
SLOW = {"nobody_home": ("indoor", 0.4)}
"""What takes minutes begins in the first part of the load; later another is played in its place."""
CARS = frozenset({"car", "car_used", "car_in_time", "car_late"})


@dataclass(frozen=True, slots=True)
class Visit:
    """One request that is going to be made. `at_seconds` counts from the beginning of the load."""

    number: int
    property_id: str
    kind: Literal["call", "life"]
    what: str
    at_seconds: float


def plan(
    random: Random, property_ids: Sequence[str], with_cars: frozenset[str], count: int, seconds: float
) -> list[Visit]:
    """So many visits, evenly spread over the time and over the properties, in time order."""
    return [
        _visit(random, number, property_ids[number % len(property_ids)], with_cars, number / count, seconds)
        for number in range(count)
    ]


def _visit(
    random: Random, number: int, property_id: str, with_cars: frozenset[str], part: float, seconds: float
) -> Visit:
    weights = {("call", what): weight for what, weight in CALLS.items()}
    weights |= {("life", what): weight for what, weight in LIVED.items()}
    possible = [key for key in weights if key[1] not in CARS or property_id in with_cars]
    kind, what = random.choices(possible, [weights[key] for key in possible])[0]
    if what in SLOW and part > SLOW[what][1]:
        what = SLOW[what][0]
    return Visit(number, property_id, "life" if kind == "life" else "call", what, seconds * part)
