"""The catalogue over HTTP: what can be asked for, and what each procedure asks."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from services.intake import repository
from services.intake.answers import CatalogueItem
from services.intake.domain.property import Property
from shared.catalogue.channels import Channel, channels
from shared.catalogue.model import Procedure
from shared.errors import Invalid, NotFound
from shared.http.problems import no_such_property
from shared.ids import is_id
from shared.kernel.runtime import Runtime

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])
PropertyId = Annotated[str, Query(max_length=64, description="As this property's profile runs it")]


@router.get("", response_model=list[CatalogueItem])
async def list_procedures(request: Request, property_id: PropertyId = "") -> Response:
    """Every procedure, or those a property runs."""
    runtime, profile = await _profile(request, property_id)
    catalogue = runtime.catalogue
    shown = (
        [catalogue.procedure(name, profile) for name in catalogue.profile(profile).procedures]
        if profile
        else list(catalogue.procedures.values())
    )
    return _json([CatalogueItem.model_validate(p).model_dump() for p in shown])


@router.get("/channels", response_model=dict[str, Channel])
async def list_channels(request: Request) -> Response:
    """Every channel a contact may name."""
    await _profile(request, "")
    return _json({name: channel.model_dump() for name, channel in channels().items()})


@router.get("/{procedure}", response_model=Procedure)
async def read_procedure(request: Request, procedure: str, property_id: PropertyId = "") -> Response:
    """One procedure with all it asks, as it is shipped or as a property's profile runs it."""
    runtime, profile = await _profile(request, property_id)
    try:
        found = (
            runtime.catalogue.procedure(procedure, profile)
            if profile
            else runtime.catalogue.procedures.get(procedure)
        )
    except Invalid:
        found = None
    if found is None:
        raise NotFound("no-such-procedure", "There is no such procedure here.")
    return _json(found.model_dump(mode="json"))


async def _profile(request: Request, property_id: str) -> tuple[Runtime, str]:
    """Who asks must be known; a property outside his grants answers like nonsense."""
    runtime: Runtime = request.app.state.runtime
    principal = await runtime.verifier.principal(request.headers.get("authorization"))
    if not property_id:
        return runtime, ""
    if not is_id(property_id) or not principal.roles_in(property_id, runtime.clock.now()):
        runtime.denials.record(principal.sub, property_id, request.method, request.url.path)
        raise no_such_property()
    settled = await repository.one(runtime.db, Property, property_id, property_id)
    if settled is None:
        raise no_such_property()
    return runtime, settled.profile


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
