"""What the routers of intake share: paths, answers with an ETag, places in lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Path, Query, Response

from services.intake import repository
from services.intake.desk import desk_of
from services.intake.domain.bodies import Body, RaiseBody
from shared.errors import NotFound
from shared.http.actions import AllowedAction
from shared.http.answer import answer as answer
from shared.http.call import Call
from shared.http.page import cursor as cursor
from shared.http.page import place as place
from shared.ids import ID_PATTERN
from shared.kernel.unit import Aggregate, Command
from shared.texts.say import say, word

READ = "intake.read"
PREFIX = "/v1/properties/{property_id}"
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
Filter = Annotated[str, Query(max_length=200)]
A = TypeVar("A", bound=Aggregate)


async def found(call: Call, kind: type[A], id: str) -> A:
    """The thing a path names. Raises NotFound, in the same words for another property's."""
    aggregate = await repository.one(call.db, kind, call.property_id, id)
    if aggregate is None:
        raise NotFound(
            "not-found", say("There is no such {kind} in this property.", kind=word(kind.__name__.lower()))
        )
    return aggregate


async def act(call: Call, request_id: str, make: Callable[..., Command], body: Body) -> Response:
    """A step on a request, on the lane it was accepted in."""
    command = make(request_id=request_id, body=body)
    call.authorise(command.NAME)
    lane = await desk_of(call).lane_of_request(call.property_id, request_id)
    urgent = isinstance(body, RaiseBody) and body.urgency == "emergency"
    return await call.run(command, stream=request_id, lane=lane, emergency=urgent)


def offered(call: Call, *actions: AllowedAction) -> list[AllowedAction]:
    """Those of the actions that the caller may do."""
    allowed = call.allowed([action.action for action in actions])
    return [action for action in actions if action.action in allowed]
