"""Addresses that are given and are none: one line and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.exits import Exit, Stop
from tools.stack.broker import reachable
from tools.stack.stack import Stack, StackOptions


@pytest.mark.parametrize("url", ["http://x", "mongodb://", "mongodb://li:hush@host:99999x/"])
async def test_an_address_that_is_none_is_said_without_its_password(tmp_path: Path, url: str) -> None:
    wrong = StackOptions(data=tmp_path, broker="given", mongodb_url=url, kafka_bootstrap_servers="x:1")
    with pytest.raises(Stop, match="MONGODB_URL is not an address such as mongodb://host") as stopped:
        await Stack(wrong).start()
    assert stopped.value.code == Exit.USAGE
    assert "hush" not in stopped.value.line


@pytest.mark.parametrize("address", ["::", "nonsense:x", "127.0.0.1:1", ",,", "127.0.0.1:99999"])
async def test_a_broker_is_not_reached_where_no_address_is(address: str) -> None:
    assert not await reachable(address)
