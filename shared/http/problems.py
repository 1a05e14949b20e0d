"""Refusals as RFC 9457 problem+json.

A stable `type`, the field, and what would be accepted, in the language the caller asks for (Accept-Language).
No stack trace ever leaves.
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
from starlette.types import Receive, Scope, Send

from shared.errors import Busy, Invalid, NotFound, Rejected, Transient
from shared.observability.metrics import HTTP_REFUSED
from shared.texts.fields import accepted, field_of, reason
from shared.texts.say import Said, Spoken, say
from shared.texts.voices import Language, Words, negotiated, voice

log = logging.getLogger(__name__)
TYPE_BASE = "https://guanjia.example/problems/"
MEDIA_TYPE = "application/problem+json"
ERRORS_SHOWN_MAX = 20
READING = {"GET", "HEAD", "OPTIONS"}
HTTP_TEXTS = {
    400: say("The body cannot be read."),
    404: say("There is nothing at this address."),
    405: say("This address does not take that method."),
}
"""What the router itself refuses."""


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


class ProblemResponse(Response):
    """A problem that is put into words when it is sent: only then is it known who reads it."""

    media_type = MEDIA_TYPE

    def __init__(self, status: int, kind: str, more: dict[str, Any]) -> None:
        super().__init__(status_code=status)
        self.kind = kind
        self.more = more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it in the language of the caller."""
        words = voice_of(Request(scope))
        self.body = orjson.dumps(self.worded(words))
        self.headers["Content-Length"] = str(len(self.body))
        self.headers["Content-Language"] = words.language
        self.headers.add_vary_header("Accept-Language")
        await super().__call__(scope, receive, send)

    def worded(self, words: Words) -> dict[str, Any]:
        """The body in a language."""
        title = words.translated(str(self.status_code), "title")
        body: dict[str, Any] = {
            "type": TYPE_BASE + self.kind,
            "title": self.kind.replace("-", " ") if title.isdigit() else title,
            "status": self.status_code,
        }
        for name, value in self.more.items():
            if name in {"detail", "accepted"}:
                body[name] = words.tell(value)
            elif name == "errors":
                body[name] = [{key: _told(text, words) for key, text in one.items()} for one in value]
            else:
                body[name] = value
        return body


def _told(text: str, words: Words) -> str:
    return text.told(words) if isinstance(text, Spoken) else text


def voice_of(request: Request) -> Words:
    """The language in which this caller is answered."""
    default: Language = request.app.state.language
    asked = request.headers.get("accept-language", "")
    return voice(negotiated(asked, default) if asked else default)


def problem(status: int, kind: str, detail: str, **more: Any) -> ProblemResponse:
    """A problem+json response."""
    HTTP_REFUSED.labels(kind=kind).inc()
    given = {key: value for key, value in more.items() if value is not None}
    return ProblemResponse(status, kind, {"detail": detail} | given)


def rejected(error: Rejected) -> Response:
    """The response to a refusal of ours."""
    response = problem(error.status, error.kind, error.detail, field=error.field, accepted=error.accepted)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def busy(error: Busy) -> Response:
    """503 with the time after which to come again."""
    response = problem(503, "busy", "the service is busy; try again shortly")
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def remember(request: Request, kind: str, error: Rejected | None = None) -> None:
    """Write down that somebody was refused to change something; only looking is written down by the call."""
    if request.method not in READING and hasattr(request.state, "remember"):
        request.state.remember(kind, error)


def install(app: FastAPI, language: Language = "en") -> None:
    """Every refusal and every failure of this app is answered as a problem.

    In that language where the caller asks for none of ours.
    """
    app.state.language = language
    voice("zh")  # its file is read now, not by the first caller

    @app.exception_handler(Rejected)
    async def _rejected(request: Request, error: Rejected) -> Response:
        remember(request, error.kind, error)
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
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        response = _validation(error.errors())
        remember(request, response.kind)
        return response

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        kinds = {404: "not-found", 405: "method-not-allowed", 400: "unreadable", 401: "unauthorised"}
        status = error.status_code
        response = problem(status, kinds.get(status, "refused"), HTTP_TEXTS.get(status) or error.detail)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _failed(request: Request, error: Exception) -> Response:
        return _mistake(request, error)


def our_mistake() -> Response:
    """500: what went wrong is in the log, not in the answer."""
    return problem(500, "internal", "this is our mistake; it has been recorded")


def _mistake(request: Request, error: Exception) -> Response:
    log.error("a call failed: %s %s: %s", request.method, request.url.path, type(error).__name__)
    return our_mistake()


def _validation(errors: Sequence[Any]) -> ProblemResponse:
    shown = [
        {"field": field_of(e["loc"]), "detail": reason(e), "kind": str(e["type"])}
        for e in errors[:ERRORS_SHOWN_MAX]
    ]
    first = shown[0]
    unreadable = first["kind"] == "json_invalid"
    return problem(
        400 if unreadable else 422,
        "unreadable" if unreadable else "invalid-field",
        say("{field}: {reason}", field=first["field"], reason=first["detail"]),
        field=first["field"],
        accepted=accepted(errors[0]),
        errors=shown,
    )


def no_such_property() -> Rejected:
    """What a property outside the grants answers: the same as one that does not exist."""
    return NotFound("not-found", "there is no such property")


def bad_header(name: str, accepted: Said) -> Invalid:
    """A header that cannot be understood."""
    return Invalid(
        "invalid-header", say("{name} is not understood", name=name), field=name, accepted=accepted
    )


PROPERTY_IN_PATH = {
    "name": "property_id",
    "in": "path",
    "required": True,
    "description": "The property",
    "schema": {"type": "string", "title": "Property Id"},
}


def describe(app: FastAPI) -> None:
    """Complete the OpenAPI document: the Problem schema every refusal refers to, and the property of a path.

    The property is read from the path before FastAPI looks at parameters, so FastAPI does not know of it.
    """
    original = app.openapi

    def openapi() -> dict[str, Any]:
        schema = original()
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault("Problem", Problem.model_json_schema())
        for path, item in schema["paths"].items():
            if "{property_id}" in path and "parameters" not in item:
                item["parameters"] = [PROPERTY_IN_PATH]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
