"""What every refusal of a service looks like."""

from __future__ import annotations

from typing import Any

import httpx


def problem(answer: httpx.Response, status: int, kind: str = "", field: str | None = None) -> dict[str, Any]:
    """The problem of a refusal; it says what is wrong and leaks nothing of ours."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    if kind:
        assert said["type"].rsplit("/", 1)[1] == kind, said
    if field is not None:
        assert said["field"] == field, said
        assert said["accepted"], said
    for leak in ("Traceback", "pymongo", "services.", 'File "'):
        assert leak not in answer.text
    return said
