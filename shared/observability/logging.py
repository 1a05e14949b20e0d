"""Log lines: one JSON object each, no personal data (ids only), at a level set once."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

_KNOWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Time, level, service, role, logger, message; extras as given."""

    def __init__(self, service: str, role: str) -> None:
        super().__init__()
        self._base = {"service": service, "role": role}

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            **self._base,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _KNOWN}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure(level: str, service: str, role: str) -> None:
    """Log to standard error; libraries only when they warn."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service, role))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("aiokafka", "faststream", "pymongo", "httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
