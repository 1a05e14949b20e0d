"""Judges processes by what they answer: which is reported, and which is killed so that it is started again.

A process that lives but answers nothing for long is stuck: killed. One that answers "not ready" works on
that by itself (its store may be away): reported. The auditor that is not ready for long guards nothing:
killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SILENT_SECONDS_MAX = 30.0
UNREADY_SECONDS_REPORTED = 15.0
AUDITOR_UNREADY_SECONDS_MAX = 90.0

Verdict = Literal["well", "unready", "ready again", "stuck"]


@dataclass(slots=True)
class Patient:
    """One process and what it answered lately. Moments are of any clock that only goes on."""

    must_be_ready: bool = False
    pid: int = 0
    lived_at: float = 0.0
    ready_at: float = 0.0
    reported: bool = False

    def seen(self, pid: int, live: bool, ready: bool, now: float) -> Verdict:
        """Note one answer. A new pid begins anew: starting takes its time."""
        if pid != self.pid:
            self.pid, self.lived_at, self.ready_at = pid, now, now
        if live:
            self.lived_at = now
        if ready:
            self.ready_at = now
            again, self.reported = self.reported, False
            return "ready again" if again else "well"
        unready = now - self.ready_at
        if now - self.lived_at > SILENT_SECONDS_MAX:
            return "stuck"
        if self.must_be_ready and unready > AUDITOR_UNREADY_SECONDS_MAX:
            return "stuck"
        if unready > UNREADY_SECONDS_REPORTED and not self.reported:
            self.reported = True
            return "unready"
        return "well"
