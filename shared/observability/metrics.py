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
_RELAY = ("service", "lane")
RELAY_PUBLISHED = Counter("guanjia_relay_published", "Events that the broker confirmed", _RELAY)
RELAY_SEALS = Counter("guanjia_relay_seals", "Seals written", _RELAY)
RELAY_PENDING = Gauge("guanjia_relay_pending", "Events sent and not yet sealed", _RELAY)
RELAY_LAG = Gauge("guanjia_relay_lag_seconds", "Age of the newest sealed event when it was sealed", _RELAY)
RELAY_ERRORS = Counter("guanjia_relay_errors", "Sessions that ended, by what failed", (*_RELAY, "what"))
REPUBLISHED = Counter("guanjia_republished", "Events sent again to a broker that had forgotten", _RELAY)
CONSUMED = Counter("guanjia_consumed", "Records taken from the broker", _RELAY)
CONSUMER_LAG = Gauge("guanjia_consumer_lag", "Records on the broker and not yet taken", _RELAY)
CONSUMER_GAPS = Gauge("guanjia_consumer_gaps", "Partitions in which positions are missing", _RELAY)
CONSUMER_STOPPED = Gauge("guanjia_consumer_fuse", "1: too many events parked in a row, stopped", _RELAY)
