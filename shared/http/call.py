"""One HTTP call: who asks, in which property, and how a command is run and answered.

A property outside the token's grants answers 404 like one that does not exist, and the attempt is recorded.
The policy file says which role may do which action. A repeated Idempotency-Key gets the stored answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request, Response
from pymongo.asynchronous.database import AsyncDatabase

from shared.catalogue.load import Catalogue
from shared.errors import Busy, Forbidden, Rejected
from shared.events.envelope import Lane
from shared.http.problems import bad_header, busy, no_such_property, our_mistake, rejected, voice_of
from shared.ids import derived_id, is_id, new_id
from shared.kernel.runtime import Runtime
from shared.kernel.unit import Applied, Cause, Command, Duplicate, Failed, Outcome, Refused
from shared.observability.metrics import DENIED
from shared.observability.tracing import traceparent_of
from shared.settings import Settings
from shared.tenancy import Principal
from shared.texts.say import say
from shared.texts.voices import Words

KEY_CHARS_MAX = 128
DEVICE_CHARS_MAX = 100


class Call:
    """The context of one call inside a property."""

    def __init__(self, runtime: Runtime, request: Request, principal: Principal, property_id: str) -> None:
        self.runtime = runtime
        self.request = request
        self.principal = principal
        self.property_id = property_id
        self.now: datetime = runtime.clock.now()
        self.roles = principal.roles_in(property_id, self.now)
        self.key = _key(request)
        self._derived: set[str] = set()
        self._remembered: Rejected | None = None
        request.state.remember = self.remember

    @property
    def db(self) -> AsyncDatabase[dict[str, Any]]:
        """The service's database."""
        return self.runtime.db

    @property
    def catalogue(self) -> Catalogue:
        """The procedures."""
        return self.runtime.catalogue

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return self.runtime.settings

    @property
    def voice(self) -> Words:
        """The language in which the caller is answered."""
        return voice_of(self.request)

    def authorise(self, action: str) -> None:
        """Raise Forbidden unless one of the caller's roles may do this."""
        if not self.runtime.policy.may(self.roles, action):
            detail = say("your role does not allow {action} in this property", action=action)
            raise self.refuse(Forbidden("not-allowed", detail))

    def refuse(self, error: Rejected) -> Rejected:
        """The refusal, remembered with who asked for what."""
        self._remembered = error
        self.remember(error.kind)
        return error

    def remember(self, kind: str, error: Rejected | None = None) -> None:
        """Write down who was refused what; an error that `refuse` wrote down is not written twice."""
        if error is not None and error is self._remembered:
            return
        request = self.request
        self.runtime.denials.record(
            self.principal.sub, self.property_id, request.method, request.url.path, kind
        )

    def allowed(self, actions: Iterable[str]) -> list[str]:
        """Those of the actions that the caller may do."""
        return self.runtime.policy.allowed(self.roles, actions)

    def derived_id(self, label: str) -> str:
        """An id for what the body left unnamed.

        The same for a repeated Idempotency-Key, otherwise a fresh one.
        """
        id = derived_id(self.property_id, self.principal.sub, self.key, label) if self.key else new_id()
        self._derived.add(id)
        return id

    async def run(
        self,
        command: Command,
        *,
        stream: str,
        lane: Lane = "routine",
        emergency: bool = False,
        creates: bool = False,
        status: int = 200,
        location: str = "",
    ) -> Response:
        """Run the command and answer with what its unit answered, or with the problem.

        `creates`: the stream begins with this command and its id came from the caller, so the id itself is
        the key.
        """
        self.authorise(command.NAME)
        outcome = await self.submit(command, stream=stream, lane=lane, emergency=emergency, creates=creates)
        return _response(outcome, status, location)

    async def submit(
        self,
        command: Command,
        *,
        stream: str,
        lane: Lane = "routine",
        emergency: bool = False,
        creates: bool = False,
    ) -> Outcome:
        """The outcome of the command, once it is durable."""
        named = creates and not self.key and stream not in self._derived
        key = f"id:{stream}" if named else self.key
        cause = Cause(
            id=derived_id("command", self.property_id, self.principal.sub, key, stream) if key else new_id(),
            kind="command",
            property_id=self.property_id,
            stream=stream,
            lane=lane,
            payload=command,
            principal=self.principal,
            device=self.request.headers.get("user-agent", "")[:DEVICE_CHARS_MAX],
            key=key,
            body_hash=await self._fingerprint() if key else "",
            if_match=_if_match(self.request),
            traceparent=traceparent_of(self.request.headers.get("traceparent", "")),
            size=len(await self.request.body()),
            emergency=emergency,
            answer_in_stream=named or stream in self._derived,
        )
        [outcome] = await self.runtime.committer.submit([cause], wait=False)
        if isinstance(outcome, Refused):
            self.refuse(outcome.error)
        return outcome

    async def _fingerprint(self) -> str:
        """What the caller sent, byte for byte: a repeated key must come with the same."""
        path = f"{self.request.method} {self.request.scope['path']}\n".encode()
        return sha256(path + await self.request.body()).hexdigest()


async def call_of(request: Request) -> Call:
    """The call of a request under `/v1/properties/{property_id}`; raises Unauthorised or NotFound."""
    runtime: Runtime = request.app.state.runtime
    property_id: str = request.path_params["property_id"]
    principal = await runtime.verifier.principal(request.headers.get("authorization"))
    if not is_id(property_id) or not principal.roles_in(property_id, runtime.clock.now()):
        DENIED.inc()
        runtime.denials.record(principal.sub, property_id, request.method, request.url.path)
        raise no_such_property()
    return Call(runtime, request, principal, property_id)


CallDep = Annotated[Call, Depends(call_of)]


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if len(key) > KEY_CHARS_MAX or not key.isprintable():
        raise bad_header("Idempotency-Key", say("1 to {most} printable characters", most=KEY_CHARS_MAX))
    return key


def _if_match(request: Request) -> int | None:
    text = request.headers.get("if-match", "")
    if text in {"", "*"}:
        return None
    number = text.removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise bad_header("If-Match", say('the ETag of the thing, such as "3"'))
    return int(number)


def _response(outcome: Outcome, status: int, location: str) -> Response:
    match outcome:
        case Applied(answer) | Duplicate(answer):
            return _answer(answer, status, location)
        case Refused(error):
            return rejected(error)
        case Failed(error) if isinstance(error, Busy):
            return busy(error)
        case _:
            return our_mistake()


def _answer(answer: bytes | None, status: int, location: str) -> Response:
    if answer is None:
        return Response(status_code=204)
    response = Response(answer, status, media_type="application/json")
    version = _version(answer)
    if version:
        response.headers["ETag"] = f'"{version}"'
    if location:
        response.headers["Location"] = location
    return response


def _version(answer: bytes) -> str:
    """The top-level `version` of the answer, which is its ETag."""
    body = orjson.loads(answer)
    return str(body.get("version", "")) if isinstance(body, dict) else ""
