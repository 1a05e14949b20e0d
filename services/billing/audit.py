"""What the deadline auditor looks at in billing: a forfeiture that waits for its decision (J4)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence

from services.billing import repository
from services.billing.domain.deposit import Deposit
from shared.audit import Audit, Finding, Look, of_all

LISTED_MAX = 1_000


async def look(at: Look) -> AsyncGenerator[Finding, None]:
    """Deposits about whose forfeiture a decider should have been reminded by now."""

    def late(deposit: Deposit) -> Iterator[Finding]:
        assert deposit.remind_at is not None
        yield at.finding("forfeiture_not_reminded", deposit.property_id, deposit.id, deposit.remind_at)

    def read(some: Sequence[str]) -> AsyncIterator[Deposit]:
        return repository.unreminded(at.db, some, at.before, LISTED_MAX)

    async for finding in of_all(await repository.properties(at.db), LISTED_MAX, read, late):
        yield finding


AUDIT = Audit(
    service="billing",
    audited={"billing.remind_forfeiture": ("forfeiture_not_reminded",)},
    unaudited={},
    look=look,
)
