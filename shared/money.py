"""Money: an integer number of minor units (fen, cents) and a currency. Never a float.

Currencies are those with two decimal places that the platform's properties use; a ledger has one currency
(ruling J27).
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.texts.say import listed, say

CURRENCIES = ("CNY", "HKD", "USD", "EUR")
AMOUNT_MINOR_MAX = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units.

    May be negative only inside the ledger. ValueError if it is no such amount.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise ValueError(say("amount_minor must be a whole number of minor units"))
        if self.currency not in CURRENCIES:
            raise ValueError(say("currency must be one of {currencies}", currencies=listed(CURRENCIES)))
        if abs(self.amount_minor) > AMOUNT_MINOR_MAX:
            raise ValueError(say("amount must be within {most} minor units", most=AMOUNT_MINOR_MAX))

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def times(self, quantity: int) -> Money:
        """So many of it."""
        return Money(self.amount_minor * quantity, self.currency)

    def percent(self, percent: int) -> Money:
        """That share of the amount, rounded half up to the minor unit.

        Only of amounts that are not negative.
        """
        if self.amount_minor < 0 or percent < 0:
            raise ValueError("a share is taken of an amount that is not negative")
        return Money((self.amount_minor * percent + 50) // 100, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(say("cannot mix {one} and {other}", one=self.currency, other=other.currency))

    def __str__(self) -> str:
        sign = "-" if self.amount_minor < 0 else ""
        whole, part = divmod(abs(self.amount_minor), 100)
        return f"{sign}{whole}.{part:02d} {self.currency}"
