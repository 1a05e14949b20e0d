"""W3C trace context: one trace from the HTTP request through outbox, Kafka and consumers to the message sent
(guarantee 12).
"""

from __future__ import annotations

import re

from shared.ids import new_id

_TRACEPARENT = re.compile(r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")


def traceparent_of(header: str) -> str:
    """The caller's trace context, or a new one if there is none that can be read."""
    if _TRACEPARENT.match(header):
        return header
    trace, span = new_id().replace("-", ""), new_id().replace("-", "")
    return f"00-{trace}-{span[-16:]}-01"
