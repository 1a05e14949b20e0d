"""Collections and indexes are made before they are used: inside a transaction neither can be created."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pymongo import IndexModel
from pymongo.errors import CollectionInvalid

from shared.kernel.unit import Index
from shared.mongo.client import Database


async def ensure_indexes(db: Database, indexes: Sequence[Index], *, collections: Sequence[str] = ()) -> None:
    """Create what is missing; nothing is dropped. Safe to run in several processes at once."""
    wanted = {*collections, *(index.collection for index in indexes)}
    for name in sorted(wanted - set(await db.list_collection_names())):
        try:
            await db.create_collection(name)
        except CollectionInvalid:
            continue  # another process was quicker
    per_collection: dict[str, list[IndexModel]] = defaultdict(list)
    for index in indexes:
        per_collection[index.collection].append(_model(index))
    for name, models in per_collection.items():
        await db[name].create_indexes(models)


def _model(index: Index) -> IndexModel:
    options: dict[str, object] = {}
    if index.unique:
        options["unique"] = True
    if index.partial is not None:
        options["partialFilterExpression"] = dict(index.partial)
    if index.expire_after_seconds is not None:
        options["expireAfterSeconds"] = index.expire_after_seconds
    return IndexModel(list(index.keys), **options)
