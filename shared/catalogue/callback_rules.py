"""Which repairs are called back as one of a kind (P031): the shape of that part of a catalogue file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict


class CallbackRule(BaseModel):
    """One kind: by an item of the lists, a category, or a yes to a question of the form."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["leak", "safety"]
    hazards: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    field: str = ""

    def applies(self, hazard: str, category: str, fields: Mapping[str, str | int | bool]) -> bool:
        """Whether a report is of this kind."""
        said = bool(self.field) and fields.get(self.field) is True
        return said or hazard in self.hazards or category in self.categories
