"""Whether a fault in a home is still the developer's under warranty: suggested to the desk, never decided
here (P024). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.intake.domain.day import local_day
from services.intake.domain.directory import Unit
from services.intake.domain.request import Request
from shared.catalogue.model import IntakeRules
from shared.deadlines import months_later


@dataclass(frozen=True, slots=True)
class Warranty:
    """`until`: the last day of the warranty, where one is known; `suggested`: the report was within it."""

    suggested: bool = False
    until: date | None = None


def covered(
    request: Request, unit: Unit | None, rules: IntakeRules, other_months: int, zone: str
) -> Warranty:
    """What to suggest of a request in a unit whose delivery is recorded.

    The category's months count from the delivery, `other_months` where the entry names none for it; none at
    all for a procedure without warranties, in public areas, and for 0 months.
    """
    if unit is None or not unit.delivered_on or not rules.warranty_months or request.area != "indoor":
        return Warranty()
    months = rules.months_of_warranty(request.category, other_months)
    if not months or request.reported_at is None:
        return Warranty()
    delivered = date.fromisoformat(unit.delivered_on)
    until = months_later(delivered, months)
    return Warranty(delivered <= local_day(request.reported_at, zone) <= until, until)
