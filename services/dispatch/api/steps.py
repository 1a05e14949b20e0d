"""One POST for each step on a work order, made from the table of actions (J23); `_take` is all they do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.dispatch.api.common import PathId
from services.dispatch.api.work_orders import take
from services.dispatch.domain.actions import ACTIONS
from services.dispatch.domain.commands import BASIC_ACTIONS
from services.dispatch.domain.flow import Action
from services.dispatch.handlers.answers import WorkOrderAnswer
from shared.http.call import CallDep

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["work orders"])


def _add(action: Action) -> None:
    """The route of one action; a body whose fields are all optional may be left out."""
    command = ACTIONS[action]
    body_type: Any = command.model_fields["body"].annotation

    async def endpoint(call: CallDep, work_order_id: PathId, body: Any) -> Response:
        return await take(call, work_order_id, action, body)

    endpoint.__annotations__["body"] = body_type
    if _optional(body_type):
        endpoint.__defaults__ = (body_type(),)
    router.add_api_route(
        f"/work-orders/{{work_order_id}}/{action}",
        endpoint,
        methods=["POST"],
        response_model=WorkOrderAnswer,
        name=action.replace("-", "_"),
        description=command.__doc__,
    )


def _optional(body_type: type[BaseModel]) -> bool:
    return not any(field.is_required() for field in body_type.model_fields.values())


for _action in ACTIONS:
    if _action not in BASIC_ACTIONS:
        _add(_action)
