"""What the tests of the stack share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.stack.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty data folder."""
    made = Layout(tmp_path / "var")
    made.create()
    return made
