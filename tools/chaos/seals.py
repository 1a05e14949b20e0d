"""Seals: opened by the kernel's own `verify`, the same that an auditor of the journal runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.kernel.verify import LaneReport, verify
from shared.mongo.client import connect
from shared.settings import Settings
from tools.chaos.facts import Violation
from tools.chaos.read import SERVICES

TAIL_SECONDS_MAX = 10.0  # timers go on firing: what they tell is sealed within a second


async def unsound(settings: Settings, now: datetime) -> list[Violation]:
    """Everything about the journals that is not as it was written, and what has been in no seal for long."""
    client = connect(settings.mongodb_url, "guanjia-checker", pool_max=4)
    databases = {service: client[settings.database(service)] for service in SERVICES}
    key = settings.seal_hmac_key.get_secret_value().encode()
    retention = timedelta(days=settings.outbox_retention_days)
    try:
        report = await verify(databases, key, now, retention)
    finally:
        await client.close()
    return [found for lane in report.lanes for found in _of(lane)]


def _of(lane: LaneReport) -> Iterator[Violation]:
    for one in lane.findings:
        yield Violation(f"seal-{one.kind}", f"{one.service}:{one.lane}:{one.where}", one.detail)
    where = f"{lane.service}:{lane.lane}"
    if not lane.sound and not lane.findings:
        yield Violation("seal-unsound", where, "the journal does not verify")
    if lane.tail_seconds > TAIL_SECONDS_MAX:
        yield Violation(
            "seal-tail", where, f"{lane.tail} events are in no seal, up to {lane.tail_seconds:.0f} s"
        )
