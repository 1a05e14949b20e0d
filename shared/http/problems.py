"""Refusals as RFC 9457 problem+json.

A stable `type`, the field, and what would be accepted. No stack trace ever leaves.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pymongo.errors import ConnectionFailure, PyMongoError
from starlette.exceptions import HTTPException

from shared.errors import Busy, Invalid, NotFound, Rejected, Transient
from shared.observability.metrics import HTTP_REFUSED

log = logging.getLogger(__name__)
TYPE_BASE = "https://guanjia.example/problems/"
MEDIA_TYPE = "application/problem+json"
ERRORS_SHOWN_MAX = 20


class Problem(BaseModel):
    """What a refused caller gets."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    accepted: str | None = None
    errors: list[dict[str, str]] | None = None


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in {
        400: "The request cannot be read",
        401: "No valid token",
        403: "The policy does not allow this",
        404: "No such thing in this property",
        409: "Not possible in the present state",
        410: "It has expired or was removed",
        412: "If-Match names an older version",
        413: "Over a stated limit of size",
        422: "A field is not accepted",
        503: "Busy; come again after Retry-After seconds",
    }.items()
}


def problem(status: int, kind: str, detail: str, **more: Any) -> Response:
    """A problem+json response."""
    HTTP_REFUSED.labels(kind=kind).inc()
    body = {"type": TYPE_BASE + kind, "title": kind.replace("-", " "), "status": status, "detail": detail}
    body |= {key: value for key, value in more.items() if value is not None}
    return Response(orjson.dumps(body), status, media_type=MEDIA_TYPE)


def rejected(error: Rejected) -> Response:
    """The response to a refusal of ours."""
    response = problem(error.status, error.kind, error.detail, field=error.field, accepted=error.accepted)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def busy(error: Busy) -> Response:
    """503 with the time after which to come again."""
    response = problem(503, "busy", str(error))
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def install(app: FastAPI) -> None:
    """Every refusal and every failure of this app is answered as a problem."""

    @app.exception_handler(Rejected)
    async def _rejected(_: Request, error: Rejected) -> Response:
        return rejected(error)

    @app.exception_handler(Busy)
    async def _busy(_: Request, error: Busy) -> Response:
        return busy(error)

    @app.exception_handler(Transient)
    async def _transient(_: Request, error: Transient) -> Response:
        return busy(Busy(1))

    @app.exception_handler(PyMongoError)
    async def _store(request: Request, error: PyMongoError) -> Response:
        """The store being away is nobody's fault: come again."""
        if isinstance(error, ConnectionFailure) or error.timeout:
            return busy(Busy(1))
        return _mistake(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        return _validation(error.errors())

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        kinds = {404: "not-found", 405: "method-not-allowed", 400: "unreadable", 401: "unauthorised"}
        response = problem(error.status_code, kinds.get(error.status_code, "refused"), str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _failed(request: Request, error: Exception) -> Response:
        return _mistake(request, error)


def _mistake(request: Request, error: Exception) -> Response:
    log.error("a call failed: %s %s: %s", request.method, request.url.path, type(error).__name__)
    return problem(500, "internal", "this is our mistake; it has been recorded")


def _validation(errors: Sequence[Any]) -> Response:
    shown = [
        {"field": _field(e["loc"]), "detail": str(e["msg"])[:300], "kind": str(e["type"])}
        for e in errors[:ERRORS_SHOWN_MAX]
    ]
    first = shown[0]
    accepted = str(errors[0].get("ctx", {}).get("expected", "")) or first["detail"]
    unreadable = first["kind"] == "json_invalid"
    return problem(
        400 if unreadable else 422,
        "unreadable" if unreadable else "invalid-field",
        f"{first['field']}: {first['detail']}",
        field=first["field"],
        accepted=accepted,
        errors=shown,
    )


def _field(location: Sequence[str | int]) -> str:
    parts = [str(part) for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or str(location[0] if location else "body")


def no_such_property() -> Rejected:
    """What a property outside the grants answers: the same as one that does not exist."""
    return NotFound("not-found", "there is no such property")


def bad_header(name: str, accepted: str) -> Invalid:
    """A header that cannot be understood."""
    return Invalid("invalid-header", f"{name} is not understood", field=name, accepted=accepted)


def describe(app: FastAPI) -> None:
    """Put the Problem schema into the OpenAPI document, where every refusal refers to it."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        schema = original()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("Problem", Problem.model_json_schema())
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
