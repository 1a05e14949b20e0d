"""What billing tells dispatch about an order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from shared.clock import ManualClock
from shared.events.billing import DepositHeld, DepositRequested, QuoteConsented, QuoteRefused, RequestSettled
from shared.events.envelope import Amount, Event
from shared.kernel.unit import Outcome

Json = dict[str, Any]


class Neighbours:
    """Mixed into who hears the events."""

    clock: ManualClock
    hear: Callable[[Event], Awaitable[Outcome]]

    async def consent(self, order: Json, total: int) -> None:
        """The owner agrees to the order's quote."""
        await self.hear(
            QuoteConsented(
                quote_id=order["quote"]["quote_id"],
                request_id=order["request_id"],
                work_order_id=order["work_order_id"],
                total=Amount(amount_minor=total, currency="CNY"),
                consented_by="owner",
                recorded_by="cs-1",
                consented_at=self.clock.now(),
            )
        )

    async def object_to(self, order: Json) -> None:
        """The owner does not agree."""
        await self.hear(
            QuoteRefused(
                quote_id=order["quote"]["quote_id"],
                request_id=order["request_id"],
                work_order_id=order["work_order_id"],
                refused_at=self.clock.now(),
            )
        )

    async def hold_deposit(self, order: Json, amount: int) -> None:
        """The deposit is asked for and paid."""
        same: Json = {
            "deposit_id": "d1",
            "request_id": order["request_id"],
            "work_order_id": order["work_order_id"],
            "amount": Amount(amount_minor=amount, currency="CNY"),
        }
        await self.hear(DepositRequested(**same, requested_at=self.clock.now()))
        await self.hear(DepositHeld(**same, held_at=self.clock.now()))

    async def settle(self, order: Json) -> None:
        """Nothing is owed."""
        await self.hear(
            RequestSettled(
                request_id=order["request_id"],
                work_order_id=order["work_order_id"],
                settled_at=self.clock.now(),
            )
        )
