"""What a report is made of: rates with numerator and denominator (J28), and tables; nothing but data."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Cell = str | int | datetime | None
Language = Literal["zh", "en"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Words(_Part):
    """A heading or an explanation in both languages."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """In that language."""
        return self.zh if language == "zh" else self.en


class Rate(_Part):
    """A share: `permille` is None where nothing can be counted. `means` says what is counted of what."""

    name: str
    title: Words
    means: Words
    numerator: int
    denominator: int
    target_percent: int | None = None

    @property
    def permille(self) -> int | None:
        """The share in thousandths, rounded half up; None of nothing."""
        if not self.denominator:
            return None
        return (2_000 * self.numerator + self.denominator) // (2 * self.denominator)

    @property
    def percent(self) -> str:
        """As people write it: 97.5 %, or a dash."""
        share = self.permille
        return "—" if share is None else f"{share // 10}.{share % 10} %"


class Table(_Part):
    """Rows under named columns; a row has one cell a column.

    `coded`: the columns, from 0, whose cells are codes of ours, such as a category; people read their names.
    """

    name: str
    title: Words
    columns: tuple[Words, ...]
    rows: tuple[tuple[Cell, ...], ...]
    coded: tuple[int, ...] = ()


class Report(_Part):
    """One report of one property, over the reports of need from `since` up to `until`."""

    name: str
    title: Words
    property_id: str
    zone: str
    since: datetime
    until: datetime
    made_at: datetime
    rates: tuple[Rate, ...] = ()
    tables: tuple[Table, ...] = ()
