"""Money: an integer number of minor units (fen, cents) and a currency. Never a float.

Currencies are those with two decimal places that the platform's properties use; a ledger has one currency (ruling J27).
"""

from __future__ import annotations

from dataclasses import dataclass

CURRENCIES = ("CNY", "HKD", "USD", "EUR")
AMOUNT_MINOR_MAX = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units; may be negative only inside the ledger."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            raise ValueError(f"currency must be one of {', '.join(CURRENCIES)}")
        if abs(self.amount_minor) > AMOUNT_MINOR_MAX:
            raise ValueError(f"amount must be within {AMOUNT_MINOR_MAX} minor units")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def percent(self, percent: int) -> Money:
        """That share of the amount, rounded half up to the minor unit."""
        return Money((self.amount_minor * percent + 50) // 100, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")

    def __str__(self) -> str:
        sign = "-" if self.amount_minor < 0 else ""
        whole, part = divmod(abs(self.amount_minor), 100)
        return f"{sign}{whole}.{part:02d} {self.currency}"
