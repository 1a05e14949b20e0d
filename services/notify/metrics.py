"""Metrics of the senders; labels are bounded and carry no personal data."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

ATTEMPTS = Counter(
    "guanjia_message_attempts",
    "Messages handed to a channel, by what it said",
    ("queue", "channel", "outcome"),
)
DELAY = Histogram(
    "guanjia_message_delay_seconds",
    "From the commit of a message to its channel's answer, messages held back excepted",
    ("queue",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
