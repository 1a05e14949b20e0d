"""Log lines: one JSON object each, no personal data (ids only), at a level set once."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.errors import GuanjiaError, Rejected

_SPEAKS_OF_CODE = (AttributeError, ImportError, NameError, OSError, TypeError, GuanjiaError)
"""What these say names code, files and hosts. Others may quote the value they did not like."""
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
            line["trace"] = trace_of(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def trace_of(error: BaseException | None) -> str:
    """Where it was raised, and because of what: types and lines, without the values of any data."""
    parts: list[str] = []
    while error is not None:
        said = f": {error}" if _may_be_told(error) else ""
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.insert(0, f"{frames}{type(error).__module__}.{type(error).__qualname__}{said}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nthen\n".join(parts)


def _may_be_told(error: BaseException) -> bool:
    return isinstance(error, _SPEAKS_OF_CODE) and not isinstance(error, Rejected)


def configure(level: str, service: str, role: str) -> None:
    """Log to standard error; libraries only when they warn."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service, role))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("aiokafka", "faststream", "pymongo", "httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
