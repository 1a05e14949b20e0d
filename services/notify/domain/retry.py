"""When a failed attempt is tried again, when the next channel takes over, and when a person has to.

Delays double up to a cap; the jitter comes from the message's key, so that a re-run plans the same moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.domain.message import Queue


@dataclass(frozen=True, slots=True)
class RetryRule:
    """Seconds. `next_channel`: how long a channel is tried while another is left; `give_up`: the last one."""

    base_seconds: float
    cap_seconds: float
    next_channel_seconds: float
    give_up_seconds: float
    repeats_max: int = 3


RetryRules = Mapping[Queue, RetryRule]


def backoff_seconds(rule: RetryRule, key: str, failures: int) -> float:
    """The wait after that many failures (from 1): doubled up to the cap, spread by a half each way."""
    digest = hashlib.sha256(f"{key}:{failures}".encode()).digest()
    spread = 0.5 + int.from_bytes(digest[:4], "big") / 2**32
    doubled = rule.base_seconds * 2 ** min(failures - 1, 30)
    return float(min(rule.cap_seconds, doubled) * spread)


def next_attempt_at(
    rule: RetryRule, key: str, failures: int, now: datetime, retry_after_seconds: float = 0
) -> datetime:
    """When to try the same channel again; never before the channel itself asked for, within the cap."""
    wait = max(backoff_seconds(rule, key, failures), min(retry_after_seconds, rule.cap_seconds))
    return now + timedelta(seconds=wait)


def channel_is_spent(rule: RetryRule, since: datetime | None, now: datetime, *, has_next: bool) -> bool:
    """Whether this channel had its time: much less of it when another channel is left."""
    limit = rule.next_channel_seconds if has_next else rule.give_up_seconds
    return since is not None and now - since >= timedelta(seconds=limit)
