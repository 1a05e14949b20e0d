"""The clock of a replay.

Moves the times of a file so that they end now, and squeezes a long file into a stated time (ruling J8).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Shift:
    """Maps the file's `last` moment to `onto`; what lies before it comes `factor` times closer."""

    last: datetime
    onto: datetime
    factor: float = 1.0

    @classmethod
    def fit(cls, first: datetime, last: datetime, onto: datetime, within: timedelta) -> Shift:
        """The mildest shift that brings the whole file into `within` before `onto`.

        Never stretched, only squeezed.
        """
        return cls(last, onto, max(1.0, (last - first) / within))

    def moved(self, moment: datetime) -> datetime:
        """The moment on the replay's clock."""
        return self.onto - (self.last - moment) / self.factor

    def document(self) -> dict[str, str]:
        """As kept with the progress."""
        return {"last": self.last.isoformat(), "onto": self.onto.isoformat(), "factor": repr(self.factor)}

    @classmethod
    def restore(cls, document: dict[str, str]) -> Shift:
        """The shift that `document` gave."""
        last, onto = (datetime.fromisoformat(document[name]) for name in ("last", "onto"))
        return cls(last, onto, float(document["factor"]))
