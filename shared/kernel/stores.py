"""The kernel's own collections: what each holds, its indexes, and what a service prepares before it starts.

progress (one row a stream), outbox (the journal), waiting (early events), parked, commands (stored answers),
timers, counters and numbers, seals and checkpoints (relay), received and witnesses (consumer), leases,
denials, catalogue_versions, auditor (the auditor's own).
"""

from __future__ import annotations

import base64
import logging
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from shared.catalogue.load import Catalogue
from shared.kernel import denials, journal, lease, numbers, timers, vault
from shared.kernel.commit import COMMANDS, OUTBOX, PARKED, PROGRESS, TIMERS, WAITING
from shared.kernel.unit import Index, Wiring
from shared.mongo.client import Client, transaction_lifetime_seconds
from shared.mongo.indexes import ensure_indexes
from shared.settings import Settings

log = logging.getLogger(__name__)
CATALOGUE_VERSIONS = "catalogue_versions"
AUDITOR = "auditor"  # written by the auditor alone: its alarms and its heartbeat
VERSIONS_MAX = 5_000
PLAIN = (PROGRESS, OUTBOX, WAITING, PARKED, COMMANDS, TIMERS, numbers.COUNTERS, numbers.NUMBERS)
"""Collections written inside transactions, which must exist before."""


def kernel_indexes(settings: Settings) -> tuple[Index, ...]:
    """Every index of the kernel, with the query it serves."""
    return (
        Index(OUTBOX, (("lane", 1), ("time", 1)), serves="the relay's gap fill"),
        Index(OUTBOX, (("property_id", 1), ("stream", 1), ("sequence", 1)), serves="one stream's history"),
        Index(
            OUTBOX,
            (("time", 1),),
            serves="retention",
            expire_after_seconds=settings.outbox_retention_days * 86_400,
        ),
        Index(
            COMMANDS, (("at", 1),), serves="expiry", expire_after_seconds=settings.commands_ttl_hours * 3_600
        ),
        Index(
            WAITING,
            (("property_id", 1), ("stream", 1), ("source", 1), ("sequence", 1)),
            serves="what waits on a stream",
        ),
        Index(WAITING, (("lane", 1), ("since", 1)), serves="what has waited too long"),
        Index(PARKED, (("state", 1), ("parked_at", 1)), serves="the list of parked events"),
        Index(PROGRESS, (("parked", 1),), serves="streams held back", partial={"parked": {"$gt": ""}}),
        Index(
            journal.WITNESSES,
            (("producer", 1), ("lane", 1), ("n", 1)),
            serves="verify asks the neighbours",
        ),
        Index(
            journal.WITNESSES,
            (("seen_at", 1),),
            serves="retention, as long as the rows that a seal is about",
            expire_after_seconds=settings.outbox_retention_days * 86_400,
        ),
        Index(AUDITOR, (("at", 1),), serves="expiry of old alarms", expire_after_seconds=30 * 86_400),
        *journal.INDEXES,
        *timers.INDEXES,
        *numbers.INDEXES,
        *denials.indexes(settings.refusals_kept_days),
    )


async def prepare(
    client: Client,
    db: AsyncDatabase[dict[str, Any]],
    wiring: Wiring,
    settings: Settings,
    catalogue: Catalogue,
) -> None:
    """Collections, indexes and catalogue versions; refuses a server that keeps dead transactions too long."""
    lifetime = await transaction_lifetime_seconds(client)
    if lifetime > settings.transaction_lifetime_seconds_max:
        raise SystemExit(
            f"mongod keeps the transactions of dead clients for {lifetime} s, and at most "
            f"{settings.transaction_lifetime_seconds_max} are accepted: start it with "
            "--setParameter transactionLifetimeLimitSeconds=5"
        )
    plain = {*PLAIN, lease.COLLECTION, CATALOGUE_VERSIONS, *journal.COLLECTIONS, *wiring.kinds.values()}
    await ensure_indexes(db, (*kernel_indexes(settings), *wiring.indexes), collections=sorted(plain))
    keys = client[settings.database("vault")]
    await ensure_indexes(keys, vault.INDEXES, collections=[vault.COLLECTION])
    await _remember_catalogue(db, catalogue)


async def _remember_catalogue(db: AsyncDatabase[dict[str, Any]], catalogue: Catalogue) -> None:
    """Store the versions requests can be opened under, and learn those of earlier releases."""
    now = [
        UpdateOne({"_id": version}, {"$setOnInsert": {"entry": document}}, upsert=True)
        for version, document in catalogue.opened_versions.items()
    ]
    if now:
        await db[CATALOGUE_VERSIONS].bulk_write(now, ordered=False)
    rows = await db[CATALOGUE_VERSIONS].find().limit(VERSIONS_MAX).to_list(VERSIONS_MAX)
    unreadable = catalogue.remember({row["_id"]: row["entry"] for row in rows})
    if unreadable:
        log.error("%d stored catalogue versions cannot be read by this release", len(unreadable))


def master_key(settings: Settings) -> bytes:
    """The 32 bytes that wrap the data keys; a wrong setting is said at once."""
    try:
        key = base64.urlsafe_b64decode(settings.vault_master_key.get_secret_value().encode())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SystemExit(
            "VAULT_MASTER_KEY must be 32 bytes in base64url; `guanjia up` makes one in var/secrets"
        )
    return key
