"""What may be an id, and that derived ones never meet by accident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.ids import derived_id, is_id, new_id
from shared.kernel.plan import command_id
from shared.kernel.unit import Cause
from shared.tenancy import Principal


@pytest.mark.parametrize("text", ["a", "3-2-1801", "villa.2_b", pytest.param(new_id(), id="new"), "x" * 64])
def test_an_id(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "-a", "a b", "a\n", "\na", "a:b", "a/b", "楼", "x" * 65, "a\x1fb"])
def test_no_id(text: str) -> None:
    assert not is_id(text)


def test_derived_ids_keep_their_parts_apart() -> None:
    assert derived_id("a", 1) == derived_id("a", "1")
    assert (
        len({derived_id("ab", "c"), derived_id("a", "bc"), derived_id("abc"), derived_id("a", "b", "c")}) == 4
    )


def test_the_stored_answers_of_two_people_never_meet() -> None:
    """Identity providers use colons in subjects."""
    first = Cause("1", "command", "garden", "s", "routine", None, Principal("urn:li"), key="7")
    second = replace(first, principal=Principal("urn"), key="li:7")
    assert command_id(first) != command_id(second)
    assert command_id(first) == command_id(replace(first, id="2"))
