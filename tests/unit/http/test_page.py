"""Places in lists by time: a cursor goes there and back, and one that is not ours is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.errors import Invalid
from shared.http.page import Page, cursor, place

AT = datetime(2026, 3, 2, 1, 0, 0, 123_000, tzinfo=UTC)


def test_a_cursor_goes_there_and_back() -> None:
    assert place(Page(50, cursor(AT, "a|b"))) == (AT, "a|b")
    assert place(Page(50, "")) is None


@pytest.mark.parametrize(
    "after",
    [
        "yesterday|a",
        "2026-03-02T01:00:00|a",
        "0001-01-01T00:00:00+23:59|a",
        "9999-12-31T23:59:59-23:59|a",
        "|a",
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(after: str) -> None:
    with pytest.raises(Invalid) as refused:
        place(Page(50, after))
    assert refused.value.field == "cursor"
