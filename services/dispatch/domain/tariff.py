"""A quote names lines of the tariff.

What billing could not price is refused while the technician can still correct it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.dispatch.domain.bodies import LineBody
from shared.catalogue.model import BillingRules
from shared.errors import Invalid
from shared.money import AMOUNT_MINOR_MAX
from shared.texts.say import listed, say


def check_lines(lines: Sequence[LineBody], billing: BillingRules) -> None:
    """Raises Invalid naming the line, with the codes that exist, or for a sum no ledger takes."""
    prices = {row.code: row.amount_minor for row in billing.tariff}
    for place, line in enumerate(lines):
        if line.code not in prices:
            accepted = listed(sorted(prices)) or "none; this procedure has no tariff"
            detail = say("The tariff has no line {code}.", code=line.code)
            raise Invalid("unknown-tariff-line", detail, field=f"lines.{place}.code", accepted=accepted)
    if sum(prices[line.code] * line.quantity for line in lines) > AMOUNT_MINOR_MAX:
        accepted = say("at most {most} minor units in all", most=AMOUNT_MINOR_MAX)
        raise Invalid("quote-too-large", "The quote is too large.", field="lines", accepted=accepted)
