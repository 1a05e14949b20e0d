"""All metrics of a process, by their Prometheus names; labels are bounded and carry no personal data."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)

UNITS = Counter("guanjia_units", "Units of work by what came of them", ("kind", "outcome"))
COMMITS = Counter("guanjia_commits", "Transactions committed")
COMMIT_RECORDS = Histogram("guanjia_commit_records", "Units in one transaction", buckets=_SIZES)
COMMIT_RETRIES = Counter("guanjia_commit_retries", "Transactions tried again, by reason", ("reason",))
PARKS = Counter("guanjia_parks", "Events and timers parked", ("kind",))
QUEUED = Gauge("guanjia_queued_units", "Units waiting for a commit")
TIMERS_FIRED = Counter("guanjia_timers_fired", "Timers fired")
TIMER_LATENESS = Histogram(
    "guanjia_timer_lateness_seconds", "How late timers fired", buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
)
DENIED = Counter("guanjia_denied", "Calls for a property outside the token's grants")
HTTP_REFUSED = Counter("guanjia_http_refused", "Calls answered 4xx or 503, by problem", ("kind",))
