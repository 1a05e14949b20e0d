"""Between aggregates (frozen dataclasses) and documents: the only place that knows both shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from shared.errors import Bug
from shared.kernel.unit import Aggregate


class Kinds:
    """The aggregate classes of one service and their collections."""

    def __init__(self, kinds: Mapping[type, str]) -> None:
        self._collections = dict(kinds)
        self._adapters: dict[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in kinds}

    def collection(self, kind: type) -> str:
        """The collection of a class; a class that was not declared is a bug."""
        try:
            return self._collections[kind]
        except KeyError:
            raise Bug(f"{kind.__name__} is not among the kinds of this service") from None

    def collections(self) -> tuple[str, ...]:
        """All collections that hold aggregates."""
        return tuple(sorted(set(self._collections.values())))

    def aggregate(self, kind: type, document: Mapping[str, Any]) -> Any:
        """The aggregate of a stored document."""
        return self._adapters[kind].validate_python(document)

    def document(self, aggregate: Aggregate) -> dict[str, Any]:
        """The document of an aggregate; `_id` is property and id, so that two properties never meet."""
        kind = type(aggregate)
        self.collection(kind)
        fields: dict[str, Any] = self._adapters[kind].dump_python(aggregate)
        return {"_id": document_id(aggregate.property_id, aggregate.id), **fields}


def document_id(property_id: str, id: str) -> str:
    """The `_id` of an aggregate."""
    return f"{property_id}:{id}"
