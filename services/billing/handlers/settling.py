"""When everything is settled: nothing is owed on a request and nothing is held for it."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.account import Account, is_clear, to_settle
from services.billing.domain.quote import Quote
from services.billing.handlers.common import charges_of, deposits_of, known
from shared.events.billing import RequestSettled
from shared.kernel.unit import Unit


async def settle(unit: Unit, account: Account) -> Account:
    """The account, with the work orders marked that are settled now; each is told once."""
    works = to_settle(account)
    if not works:
        return account
    charges, deposits = await charges_of(unit, account), await deposits_of(unit, account)
    asked = [w.quote_id for w in works if w.state == "completed" and w.quote_id]
    quotes = [known(await unit.load(Quote, i), i) for i in asked]
    if not is_clear(works, charges, deposits, quotes):
        return account
    for work in works:
        unit.emit(
            RequestSettled(
                request_id=account.request_id, work_order_id=work.work_order_id, settled_at=unit.now
            )
        )
        account = account.with_work(replace(work, settled=True))
    return account
