"""A round of the deadline auditor reads many properties at once, and finds what it finds in each alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.dispatch import audit
from services.dispatch.slipwatch import SlipWatch
from services.dispatch.weekly import WeeklyReports
from services.intake.audit import AUDIT as INTAKE
from shared import audit as batches
from shared.audit import Audit, Look
from shared.catalogue.load import Catalogue
from shared.clock import ManualClock
from shared.mongo.client import Database
from shared.settings import Settings
from tests.connected.audit_kit import GRACE
from tests.connected.dispatch_desk import START, Desk, open_desk
from tests.connected.intake_kit import Estate, running
from tests.connected.profiling import unserved, watch_queries

pytestmark = pytest.mark.connected
MANY = 12
CATALOGUE = Catalogue.shipped()


async def late_everywhere(desk: Desk, many: int) -> None:
    """In so many properties an emergency and a general repair, of which nobody was told in time."""
    for n in range(many):
        id = f"estate-{n}"
        await desk.open_property(id)
        for request_id, urgency in (("r1", "emergency"), ("r2", "general")):
            event = desk.accepted(f"{id}-{request_id}", urgency=urgency)
            await desk.hear(event, event.request_id, "urgent" if n % 2 else "routine", property_id=id)
    await desk.db["timers"].delete_many({})
    desk.clock.advance(timedelta(days=8))


async def found(
    db: Database, clock: ManualClock, rows_max: int = 1_000, of: Audit = audit.AUDIT
) -> list[tuple[str, str, str]]:
    """Property, subject and kind of all that is found."""
    at = Look(db, clock.now(), GRACE, rows_max, CATALOGUE)
    return sorted([(f.property_id, f.subject, f.kind) async for f in of.look(at)])


async def test_guarantee_10_what_is_found_is_the_same_for_many_at_once_and_for_each_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(settings) as desk:
        await late_everywhere(desk, MANY)
        together = await found(desk.db, desk.clock)
        assert len({property_id for property_id, _, _ in together}) == MANY
        kinds = {kind for _, _, kind in together}
        assert kinds >= {"not_escalated", "nobody_looked_for", "slip_check_missing", "week_not_reported"}
        monkeypatch.setattr(batches, "AT_ONCE", 1)
        assert await found(desk.db, desk.clock) == together
        monkeypatch.setattr(audit, "LISTED_MAX", 1)
        bounded = await found(desk.db, desk.clock, 1)
        assert 0 < len(bounded) < len(together)
        monkeypatch.setattr(batches, "AT_ONCE", 5)
        assert await found(desk.db, desk.clock, 1) == bounded, "much in one property hides nothing of another"


async def test_guarantee_10_a_round_has_as_many_queries_for_many_properties_as_for_one(
    settings: Settings,
) -> None:
    counts = []
    for n, many in enumerate((1, MANY)):
        own = settings.model_copy(update={"database_prefix": f"{settings.database_prefix}{n}_"})
        async with open_desk(own) as desk:
            await late_everywhere(desk, many)
            await SlipWatch(desk.runtime).look()
            await WeeklyReports(desk.runtime).look()
            await watch_queries(desk.db)
            assert len(await found(desk.db, desk.clock)) >= many
            count, slow = await unserved(desk.db)
            assert slow == []
            counts.append(count)
    assert counts[0] == counts[1] <= 20


async def test_guarantee_10_intake_is_looked_at_as_quickly_and_as_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(START)
    async with running(settings, clock) as (runtime, url):
        for n in range(MANY):
            estate = Estate(runtime, url, f"estate-{n}")
            await estate.open(days=True)
            await estate.accept(urgency="emergency")
            await estate.accept()
        clock.advance(timedelta(days=8))
        monkeypatch.setattr(batches, "AT_ONCE", 1)
        alone = await found(runtime.db, clock, of=INTAKE)
        assert {kind for _, _, kind in alone} >= {"emergency_not_told", "slips_not_told", "day_not_checked"}
        monkeypatch.undo()
        await watch_queries(runtime.db)
        assert await found(runtime.db, clock, of=INTAKE) == alone
        count, slow = await unserved(runtime.db)
        assert (slow, count <= 25) == ([], True), count
