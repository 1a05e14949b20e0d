"""What a log line holds: everything to find a mistake, and no data of a person (J9)."""

from __future__ import annotations

import json
import logging
import sys

from pydantic import BaseModel, Field, ValidationError

from shared.errors import Bug
from shared.observability.logging import JsonLines

PHONE = "13800138000"


class Owner(BaseModel):
    """Somebody with a telephone."""

    phone: str = Field(max_length=5)


def logged() -> dict[str, str]:
    """The line of the exception at hand."""
    record = logging.LogRecord("x", logging.ERROR, "here", 1, "a command failed", (), sys.exc_info())
    line: dict[str, str] = json.loads(JsonLines("intake", "front").format(record))
    return line


def test_a_failure_is_logged_with_its_places_and_types_and_without_the_data_it_met() -> None:
    try:
        try:
            Owner(phone=PHONE)
        except ValidationError as error:
            raise KeyError(PHONE) from error
    except KeyError:
        line = logged()
    assert line["message"] == "a command failed"
    assert "test_logging.py" in line["trace"]
    assert "ValidationError" in line["trace"]
    assert "builtins.KeyError" in line["trace"]
    assert PHONE not in str(line)


def test_what_our_own_code_says_of_itself_is_told() -> None:
    try:
        raise Bug("Tally is not among the kinds of this service")
    except Bug:
        assert "Tally is not among the kinds" in logged()["trace"]
