"""Moments as people send them: with an offset, within years that can be stored, as UTC to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

from shared.texts.say import say

YEAR_MIN, YEAR_MAX = 1970, 2199


def normalised(moment: datetime) -> datetime:
    """Aware UTC, cut to the millisecond.

    Raises ValueError without an offset or outside the years we store.
    """
    if moment.tzinfo is None:
        raise ValueError(say("must carry an offset, such as 2026-03-01T08:00:00+08:00"))
    if not YEAR_MIN < moment.year < YEAR_MAX:
        raise ValueError(
            say("must be a time between {first} and {last}", first=YEAR_MIN + 1, last=YEAR_MAX - 1)
        )
    return to_ms(moment.astimezone(UTC))


def to_ms(moment: datetime) -> datetime:
    """Cut to the millisecond, which is what MongoDB keeps."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


Instant = Annotated[datetime, AfterValidator(normalised)]
