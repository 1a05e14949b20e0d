"""Billing on a unit of work that lives in memory: what a desk, a workshop and a clock do to the books.

A unit that raises leaves no trace, as in the kernel; after every unit the books are checked as a whole.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from services.billing.consumers import commands, events
from services.billing.domain.deposit import Deposit
from services.billing.domain.ledger import Entry, balances
from services.billing.domain.payment import Payment
from services.billing.handlers.common import Kit
from shared.catalogue.load import Catalogue
from shared.events.dispatch import QuoteLine, WorkCancelled, WorkCompleted, WorkQuoted, WorkWithdrawn
from shared.events.envelope import Amount, Event, Lane
from shared.events.intake import EmergencyRaised, PropertyConfigured, RequestAccepted, RequestAmended
from shared.kernel.unit import Aggregate, Cause, Command
from shared.policy import Policy
from shared.tenancy import SYSTEM, Grant, Principal
from tests.events import emergency_raised
from tests.unit.billing.books import check_books
from tests.unit.billing.memory_unit import MemoryUnit

A = TypeVar("A", bound=Aggregate)
E = TypeVar("E", bound=Event)
PROPERTY, REQUEST, WORK = "villa", "r1", "w1"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
LATER = START + timedelta(days=3650)


def person(*roles: str) -> Principal:
    """Somebody with these roles in the property; named after the first."""
    return Principal(roles[0], tuple(Grant(f"property:{PROPERTY}", role, LATER) for role in roles))


def cny(minor: int) -> Amount:
    """So many fen."""
    return Amount(amount_minor=minor, currency="CNY")


class Desk:
    """The books of one property, in memory."""

    def __init__(self, profile: str = "villa", *, configured: bool = True) -> None:
        self.kit = Kit(Catalogue.shipped(), Policy.shipped())
        self.handlers: dict[type, Any] = {**events(self.kit), **commands(self.kit)}
        self.rows: dict[tuple[type, str], Any] = {}
        self.numbers: dict[tuple[str, int], dict[str, int]] = {}
        self.timers: dict[str, tuple[datetime, Command]] = {}
        self.streams: dict[str, str] = {}
        self.events: list[Event] = []
        self.now = START
        self._ids = itertools.count(1)
        self.profile = profile
        self.request = REQUEST
        if configured:
            self.configure()

    def configure(self) -> None:
        """Billing hears of the property."""
        self.run(
            PropertyConfigured(
                property_id=PROPERTY,
                name_zh="别墅",
                name_en="Villa",
                zone="Asia/Shanghai",
                profile=self.profile,
                currency="CNY",
            ),
            stream=f"property:{PROPERTY}",
        )

    def run(
        self,
        payload: Command | Event,
        by: Principal = SYSTEM,
        *,
        stream: str = "",
        lane: Lane = "routine",
        if_match: int | None = None,
    ) -> Any:
        """Run one unit; its answer. Raises what the handler raises, and then nothing has changed."""
        cause = Cause(
            id=f"cause-{next(self._ids)}",
            kind="command" if isinstance(payload, Command) else "event",
            property_id=PROPERTY,
            stream=stream or self.request,
            lane=lane,
            payload=payload,
            principal=by,
            if_match=if_match,
        )
        unit = MemoryUnit(self, cause)
        asyncio.run(self.handlers[type(payload)](unit))
        self.rows |= unit.saved
        self.events += unit.emitted
        for key, timer in unit.timers.items():
            self.timers.pop(key, None)
            if timer is not None:
                self.timers[key] = timer
                self.streams[key] = cause.stream
        return unit.answered

    @property
    def work(self) -> str:
        """The work order of the request that is talked about."""
        return WORK if self.request == REQUEST else f"w-{self.request}"

    def fire(self) -> int:
        """Fire what is due; how many."""
        due = [(key, timer) for key, timer in self.timers.items() if timer[0] <= self.now]
        for key, (_, command) in due:
            del self.timers[key]
            self.run(command, stream=self.streams[key])
        return len(due)

    def all(self, kind: type[A]) -> list[A]:
        """All aggregates of a kind."""
        return [row for (k, _), row in self.rows.items() if k is kind]

    def only(self, kind: type[A]) -> A:
        """The one of its kind."""
        [found] = self.all(kind)
        return found

    def told(self, kind: type[E]) -> list[E]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def balance(self, account: str) -> int:
        """The balance of an account over all parties."""
        sums = balances(self.all(Entry))
        return sum(amount for place, amount in sums.items() if place.account == account)

    # --- what dispatch and intake say ---------------------------------------------------------------------

    def accept(self, procedure: str = "repair-indoor", **changes: Any) -> None:
        """A request is accepted."""
        version = self.kit.catalogue.procedure(procedure, self.profile).version
        fields: dict[str, Any] = {
            "request_id": self.request,
            "contact_id": "c1",
            "reference": "100",
            "procedure": procedure,
            "catalogue_version": version,
            "urgency": "general",
            "urgency_by": "rule",
            "category": "plumbing",
            "area": "indoor",
            "channel": "hotline",
            "first_contact_id": "lin",
            "reported_at": self.now,
            "recorded_at": self.now,
        }
        self.run(RequestAccepted(**{**fields, **changes}))

    def amend(self, **changed: str) -> None:
        """The request is corrected."""
        self.run(
            RequestAmended(request_id=self.request, reason="misheard", changed=changed, amended_at=self.now)
        )

    def raise_emergency(self) -> str:
        """The request becomes an emergency; the stream of that."""
        stream = EmergencyRaised.stream(self.request)
        event = emergency_raised(self.request, self.now)
        self.run(event, stream=stream, lane="urgent")
        return stream

    def quote(
        self, *lines: tuple[str, int, int | None], quote_id: str = "q1", stream: str = "", **changes: Any
    ) -> None:
        """The work is quoted; a line is a code, a quantity and perhaps a partner's price."""
        fields: dict[str, Any] = {
            "work_order_id": self.work,
            "request_id": self.request,
            "quote_id": quote_id,
            "procedure": "repair-indoor",
            "slip": "2026-000001",
            "lines": tuple(
                QuoteLine(code=c, quantity=n, amount=None if p is None else cny(p)) for c, n, p in lines
            ),
            "quoted_by": "zhao",
            "quoted_at": self.now,
        }
        self.run(WorkQuoted(**{**fields, **changes}), stream=stream)

    def hire(self, price: int, quote_id: str = "q1") -> None:
        """A partner's price for a car, with the deposit of ten percent."""
        self.quote(
            ("car-hire", 1, price),
            quote_id=quote_id,
            deposit_percent=10,
            partner="dida",
            procedure="car-hire",
        )

    def complete(self, amount: int | None, quote_id: str = "q1", **changes: Any) -> None:
        """The work is done, with this amount on the slip."""
        self.run(
            WorkCompleted(
                work_order_id=changes.get("work_order_id", self.work),
                request_id=self.request,
                kind="repair",
                quote_id=quote_id,
                amount=None if amount is None else cny(amount),
                free=changes.get("free", ""),
                completed_at=self.now,
            )
        )

    def withdraw(self) -> None:
        """The owner withdraws on site."""
        self.run(
            WorkWithdrawn(
                work_order_id=self.work,
                request_id=self.request,
                slip="2026-000001",
                reason="price",
                owner_mark="on the form",
                supervisor_id="gu",
                withdrawn_at=self.now,
            )
        )

    def cancel(self, *, in_time: bool, our_delay: bool = False) -> None:
        """A cancellation took effect."""
        self.run(
            WorkCancelled(
                work_order_id=self.work,
                request_id=self.request,
                slip="2026-000001",
                reason="other plans",
                notice_received_at=self.now,
                confirmed_at=self.now,
                in_time=in_time,
                our_delay=our_delay,
            )
        )

    def check(self) -> None:
        """What must always be true of the books."""
        check_books(self.all(Entry), self.all(Deposit))
        for (_, year), taken in self.numbers.items():
            written = sorted(p.receipt_number for p in self.all(Payment) if p.receipt_year == year)
            assert written == sorted(taken.values()) == list(range(1, len(written) + 1))


def kinds(events: Iterable[Event]) -> list[str]:
    """The short names of events, in order."""
    return [type(event).__name__ for event in events]
