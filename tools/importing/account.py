"""What became of every record of a file.

Imported, there before, or skipped with a reason. The sum is the number of records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tools.importing.convert import Call, Skip

SKIPS_KEPT_MAX = 5_000


@dataclass(slots=True)
class Account:
    """Counts of an import so far.

    Saved with the progress, so that a resumed import ends with the whole account.
    """

    imported: int = 0
    there_before: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unknown_categories: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    not_supplied: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    skips: list[Skip] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Every record that was read."""
        return self.imported + self.there_before + self.skipped.total()

    def skip(self, skip: Skip) -> None:
        """One record that is not imported."""
        self.skipped[skip.reason] += 1
        if skip.reason == "unknown category":
            self.unknown_categories[skip.detail] += 1
        elif skip.reason != "not played" and len(self.skips) < SKIPS_KEPT_MAX:
            self.skips.append(skip)

    def take(self, call: Call, *, new: bool) -> None:
        """One record that is a request now, or was one before."""
        self.imported += new
        self.there_before += not new
        self.categories[call.rule.category] += 1
        self.not_supplied.update(call.not_supplied)
        self.notes.update(call.notes)

    def document(self) -> dict[str, object]:
        """As JSON: for the progress file and for `--json`."""
        return {
            "records": self.records,
            "imported": self.imported,
            "there_before": self.there_before,
            "skipped": dict(self.skipped.most_common()),
            "unknown_categories": dict(self.unknown_categories.most_common()),
            "categories": dict(self.categories.most_common()),
            "not_supplied": dict(self.not_supplied.most_common()),
            "notes": dict(self.notes.most_common()),
            "skips": [[skip.line, skip.key, skip.reason, skip.detail] for skip in self.skips],
        }

    @classmethod
    def restore(cls, document: dict[str, object]) -> Account:
        """The account that `document` gave."""

        def counter(name: str) -> Counter[str]:
            found = document[name]
            assert isinstance(found, dict)
            return Counter(found)

        imported, before, skips = document["imported"], document["there_before"], document["skips"]
        assert isinstance(imported, int)
        assert isinstance(before, int)
        assert isinstance(skips, list)
        return cls(
            imported=imported,
            there_before=before,
            skipped=counter("skipped"),
            unknown_categories=counter("unknown_categories"),
            categories=counter("categories"),
            not_supplied=counter("not_supplied"),
            notes=counter("notes"),
            skips=[Skip(line, key, reason, detail) for line, key, reason, detail in skips],
        )

    def lines(self, named: Callable[[str], str] = str) -> Sequence[tuple[str, int]]:
        """The table at the end of the command: what happened, and to how many records."""
        return [
            ("imported", self.imported),
            ("there before", self.there_before),
            *((f"skipped: {named(reason)}", count) for reason, count in self.skipped.most_common()),
            ("records in the file", self.records),
        ]
