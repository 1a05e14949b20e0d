"""What the deadline auditor looks at in billing: a forfeiture that waits for its decision (J4)."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from services.billing import repository
from shared.audit import Audit, Finding, Look

LISTED_MAX = 1_000


async def look(at: Look) -> AsyncGenerator[Finding, None]:
    """Deposits about whose forfeiture a decider should have been reminded by now."""
    for property_id in await repository.properties(at.db):
        for deposit in await repository.unreminded(at.db, property_id, at.before, LISTED_MAX):
            assert deposit.remind_at is not None
            yield at.finding("forfeiture_not_reminded", property_id, deposit.id, deposit.remind_at)


AUDIT = Audit(
    service="billing",
    audited={"billing.remind_forfeiture": ("forfeiture_not_reminded",)},
    unaudited={},
    look=look,
)
