"""Collections and indexes, made before anything uses them: a transaction cannot wait for them.

Indexes are declared as data (`shared.kernel.unit.Index`) beside the queries they serve. One that nobody
declares is reported, never dropped: somebody made it by hand and may need it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo.errors import CollectionInvalid, OperationFailure

from shared.errors import Bug
from shared.kernel.unit import Index
from shared.mongo.client import Database

log = logging.getLogger(__name__)

_NAMESPACE_EXISTS = 48
_OPTIONS_CONFLICT = (85, 86)  # IndexOptionsConflict, IndexKeySpecsConflict


async def ensure_indexes(
    db: Database, indexes: Sequence[Index], collections: Iterable[str] = ()
) -> list[str]:
    """Create what is missing, change the time to live of what is there. Returns the names nobody declares.

    Raises Bug if an index exists with the same keys and other options: changing that is a person's decision.
    """
    wanted = {i.collection for i in indexes} | set(collections)
    existing = set(await db.list_collection_names())
    for name in sorted(wanted - existing):
        with contextlib.suppress(CollectionInvalid):  # another process was faster
            await _create(db, name)
    unknown: list[str] = []
    for name in sorted(wanted):
        unknown += await _ensure(db, name, [i for i in indexes if i.collection == name])
    for name in unknown:
        log.warning("nobody declares index %s; it is left alone", name)
    return unknown


async def _create(db: Database, name: str) -> None:
    try:
        await db.create_collection(name)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:
            raise


async def _ensure(db: Database, collection: str, indexes: Sequence[Index]) -> list[str]:
    present = await db[collection].index_information()
    declared = {"_id_"}
    for index in indexes:
        name = _name(index)
        declared.add(name)
        found = present.get(name)
        if found is None:
            await _make(db, index, name)
        elif bool(found.get("unique")) != index.unique or _partial(found) != dict(index.partial or {}):
            raise Bug(f"index {collection}.{name} exists with other options")
        elif found.get("expireAfterSeconds") != index.expire_after_seconds:
            await _change_expiry(db, index, name)
    return [f"{db.name}.{collection}.{name}" for name in present if name not in declared]


def _name(index: Index) -> str:
    return "_".join(f"{field}_{order}" for field, order in index.keys)


def _partial(found: Mapping[str, Any]) -> dict[str, Any]:
    return dict(found.get("partialFilterExpression", {}))


async def _make(db: Database, index: Index, name: str) -> None:
    options: dict[str, Any] = {"name": name, "unique": index.unique}
    if index.partial is not None:
        options["partialFilterExpression"] = dict(index.partial)
    if index.expire_after_seconds is not None:
        options["expireAfterSeconds"] = index.expire_after_seconds
    try:
        await db[index.collection].create_index(list(index.keys), **options)
    except OperationFailure as error:
        if error.code in _OPTIONS_CONFLICT:
            raise Bug(f"index {index.collection}.{name} exists with other options") from error
        raise


async def _change_expiry(db: Database, index: Index, name: str) -> None:
    if index.expire_after_seconds is None:
        raise Bug(f"index {index.collection}.{name} exists with a time to live that nobody declares")
    await db.command(
        {
            "collMod": index.collection,
            "index": {"name": name, "expireAfterSeconds": index.expire_after_seconds},
        }
    )
