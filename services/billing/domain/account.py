"""The account of a request: billing's own copy of what it needs to know, and how far each work order is.

An account belongs to one stream: that of the request, or the urgent one of a routine request that became an
emergency.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.billing.domain.charge import Charge
from services.billing.domain.deposit import Deposit
from services.billing.domain.quote import Quote
from shared.errors import Conflict
from shared.events.envelope import Lane
from shared.events.intake import Urgency
from shared.texts.say import say, word

WorkState = Literal["open", "completed", "withdrawn", "cancelled"]
DOCUMENTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Work:
    """One work order as far as money goes: its quote of now, and whether all is settled.

    `unpriced`: an emergency was finished with an amount on the slip that no quote stands behind yet.
    """

    work_order_id: str
    state: WorkState = "open"
    quote_id: str = ""
    unpriced: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """What billing knows of a request. The id is the stream's.

    `zone` and `currency` are the property's, as the event told them: they help until the books are known.
    """

    property_id: str
    id: str
    version: int
    request_id: str
    lane: Lane
    procedure: str
    catalogue_version: str
    urgency: Urgency
    area: Literal["indoor", "public"]
    opened_at: datetime
    zone: str = ""
    currency: str = ""
    works: tuple[Work, ...] = ()
    quote_ids: tuple[str, ...] = ()
    charge_ids: tuple[str, ...] = ()
    deposit_ids: tuple[str, ...] = ()

    def work(self, work_order_id: str) -> Work:
        """That work order; one not seen before is open."""
        return next((w for w in self.works if w.work_order_id == work_order_id), Work(work_order_id))

    def with_work(self, work: Work) -> Account:
        """The account with this work order as it is now."""
        others = tuple(w for w in self.works if w.work_order_id != work.work_order_id)
        return replace(self, works=(*others, work))


def end_work(account: Account, work_order_id: str, state: WorkState, *, unpriced: bool = False) -> Account:
    """The work order came to an end; Conflict if it had ended before."""
    work = account.work(work_order_id)
    if work.state != "open":
        raise Conflict(
            "work-ended",
            say(
                "work order {work_order_id} was {state} before",
                work_order_id=work_order_id,
                state=word(work.state),
            ),
        )
    return account.with_work(replace(work, state=state, unpriced=unpriced))


def add_quote(account: Account, quote: Quote) -> Account:
    """The account with this quote as the current one of its work order.

    After the end of the work only an emergency is quoted: its work starts before the price is known (P020).
    Conflict otherwise.
    """
    work = account.work(quote.work_order_id)
    late = work.state == "completed" and account.urgency == "emergency"
    if work.state != "open" and not late:
        raise Conflict(
            "work-ended",
            say(
                "work order {work_order_id} is {state}: it cannot be quoted",
                work_order_id=work.work_order_id,
                state=word(work.state),
            ),
        )
    if len(account.quote_ids) >= DOCUMENTS_MAX:
        raise Conflict("too-many-quotes", say("a request has at most {most} quotes", most=DOCUMENTS_MAX))
    quoted = replace(work, quote_id=quote.id, unpriced=False, settled=False)
    return replace(account.with_work(quoted), quote_ids=(*account.quote_ids, quote.id))


def to_settle(account: Account) -> tuple[Work, ...]:
    """The work orders that have ended and wait for the money."""
    return tuple(w for w in account.works if w.state != "open" and not w.settled)


def is_clear(
    works: Iterable[Work], charges: Iterable[Charge], deposits: Iterable[Deposit], quotes: Iterable[Quote]
) -> bool:
    """Nothing is owed, nothing is held, and no finished work waits for a price or for the owner's consent.

    `works` have ended, `quotes` are those of them that were completed.
    """
    return (
        not any(w.unpriced for w in works)
        and all(c.owed.amount_minor == 0 for c in charges)
        and not any(d.is_kept for d in deposits)
        and not any(q.status == "OFFERED" for q in quotes)
    )
