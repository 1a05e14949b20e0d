"""Points at which a test makes the process kill itself: the only way to die between two given steps.

Off unless the setting FAILPOINT names the point, as `name` or `name:every=N` (at each Nth passage).
"""

from __future__ import annotations

import os
import signal

_armed = ""
_every = 1
_passed = 0


def arm(setting: str) -> None:
    """Arm the point that the setting names; empty disarms."""
    global _armed, _every, _passed
    name, _, option = setting.partition(":every=")
    _armed, _every, _passed = name, int(option or 1), 0


def failpoint(name: str) -> None:
    """Die here, as by SIGKILL, if this point is armed and its turn has come."""
    global _passed  # noqa: PLW0603
    if name != _armed:
        return
    _passed += 1
    if _passed % _every == 0:
        os.kill(os.getpid(), signal.SIGKILL)
