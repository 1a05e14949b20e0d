"""What a child process shares with its supervisor, and what not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools.stack.child import Child
from tools.stack.layout import Layout


async def test_a_child_shares_the_session_but_not_the_group_of_ctrl_c(tmp_path: Path) -> None:
    """In a session of its own `nice` would say nothing about the other processes (decision 0031)."""
    layout = Layout(tmp_path / "var")
    layout.create()
    child = Child("sleeper", layout)
    child.spawn([sys.executable, "-c", "import time; time.sleep(60)"], os.environ)
    try:
        assert os.getsid(child.pid) == os.getsid(0)
        assert os.getpgid(child.pid) == child.pid
    finally:
        await child.stop(5)
