"""The service guide over HTTP: set, compiled and given out by the office, read by everybody (P015)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.intake import repository
from services.intake.answers import Items
from services.intake.api.common import PREFIX, answer, offered
from services.intake.desk import desk_of
from services.intake.directory_answers import Recorded
from services.intake.domain import guide_commands as c
from services.intake.domain import guide_edition as editions
from services.intake.domain.guide import GUIDE, HOTLINE, Guide
from services.intake.domain.guide_edition import Edition
from services.intake.domain.property import Property, setting_number
from services.intake.guide_answers import (
    ContentAnswer,
    EditionAnswer,
    EditionItem,
    GuideAnswer,
    PublicGuide,
    ServiceItem,
)
from services.intake.repository import guide as stored
from shared.catalogue.guide import guidance
from shared.catalogue.model import BillingRules
from shared.errors import NotFound
from shared.http.actions import AllowedAction
from shared.http.call import Call, CallDep
from shared.http.page import PageDep, number_place
from shared.http.problems import voice_of
from shared.ids import ID_PATTERN
from shared.kernel.runtime import Runtime

READ_GUIDE = "intake.read_guide"
NUMBER_MAX = 1_000_000
PUBLIC_SECONDS = 60  # how long a reader may keep it: an edition is given out a few times a year
router = APIRouter(prefix=PREFIX + "/guide", tags=["service guide"])
public = APIRouter(prefix="/v1/guides", tags=["service guide"])
Number = Annotated[int, Path(ge=1, le=NUMBER_MAX, description="The number of the edition")]


@router.get("", response_model=GuideAnswer)
async def read_guide(call: CallDep) -> Response:
    """Every service of the handbooks with its class and price, and what the property has set of it."""
    call.authorise(READ_GUIDE)
    settled, guide = await _settled(call), await _guide(call)
    profile = call.catalogue.profile(settled.profile)

    def price(procedure: str) -> BillingRules | None:
        runs = procedure in profile.procedures
        return call.catalogue.procedure(procedure, settled.profile).billing if runs else None

    body = GuideAnswer(
        version=guide.version,
        number=guide.number,
        current=guide.current,
        telling=guide.telling,
        told=guide.told,
        services=[
            ServiceItem.of(id, service, editions.pricing(service, price(service.procedure)), guide)
            for id, service in guidance().services.items()
        ],
        contents=[ContentAnswer.model_validate(one) for one in guide.contents],
        allowed_actions=_actions(call, settled, guide),
    )
    return answer(body, guide.version)


@router.put("", response_model=Recorded)
async def set_guide(call: CallDep, body: c.GuideBody) -> Response:
    """Say what is offered, when and at which telephone; what is not named stays as it is."""
    return await call.run(c.SetGuide(body=body), stream=_stream(call))


@router.post("/editions", status_code=201, response_model=Recorded)
async def compile_guide(call: CallDep) -> Response:
    """Compile the next edition from all that is offered; it never changes."""
    return await call.run(c.CompileGuide(), stream=_stream(call), status=201)


@router.get("/editions", response_model=Items)
async def list_editions(call: CallDep, page: PageDep) -> Response:
    """The editions, newest first, with how they were given out."""
    call.authorise(READ_GUIDE)
    rows = await stored.editions(call.db, call.property_id, number_place(page), page.limit + 1)
    shown = rows[: page.limit]
    settled, guide = await _settled(call), await _guide(call)
    items = [_item(call, settled, guide, row) for row in shown]
    return page.answer(items, shown[-1].id if len(rows) > page.limit else None)


@router.get("/editions/{number}", response_model=EditionAnswer)
async def read_edition(call: CallDep, number: Number) -> Response:
    """One edition as it was compiled, and how it was given out."""
    call.authorise(READ_GUIDE)
    row = await repository.one(call.db, Edition, call.property_id, str(number))
    if row is None:
        raise _no_edition()
    body = EditionAnswer.model_validate(row)
    body.allowed_actions = _edition_actions(call, await _settled(call), await _guide(call), row)
    return answer(body, row.version)


@router.post("/editions/{number}/distribute", response_model=Recorded)
async def distribute_guide(call: CallDep, number: Number, body: c.DistributeBody) -> Response:
    """Record that the newest edition is given out so; by the notice every household is told."""
    return await call.run(c.DistributeGuide(number=number, body=body), stream=_stream(call))


@public.get("/{property_id}", response_model=PublicGuide)
async def read_public_guide(
    request: Request, property_id: Annotated[str, Path(pattern=ID_PATTERN)]
) -> Response:
    """The newest edition that was given out, without a token, in Chinese or English (Accept-Language)."""
    runtime: Runtime = request.app.state.runtime
    guide = await repository.one(runtime.db, Guide, property_id, GUIDE)
    current = str(guide.current) if guide is not None else ""
    edition = await repository.one(runtime.db, Edition, property_id, current) if current else None
    if edition is None:
        raise NotFound("no-guide", "No service guide was given out here.")
    voice = voice_of(request)
    response = answer(PublicGuide.of(edition, guidance(), voice), edition.number)
    response.headers["ETag"] = f'"{edition.number}-{voice.language}"'
    response.headers["Content-Language"] = voice.language
    response.headers["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}"
    response.headers["Vary"] = "Accept-Language"
    return response


def _stream(call: Call) -> str:
    return f"guide:{call.property_id}"


async def _guide(call: Call) -> Guide:
    return await repository.one(call.db, Guide, call.property_id, GUIDE) or Guide(call.property_id)


async def _settled(call: Call) -> Property:
    settled = await desk_of(call).settled(call.property_id, call.now)
    if settled is None:
        raise NotFound("property-not-open", "This property has not been opened yet.")
    return settled


def _no_edition() -> NotFound:
    return NotFound("no-such-edition", "There is no such edition of the guide.")


def _actions(call: Call, settled: Property, guide: Guide) -> list[AllowedAction]:
    base = f"/v1/properties/{call.property_id}/guide"
    possible = [AllowedAction(action=c.SetGuide.NAME, method="PUT", path=base, body="GuideBody")]
    profile = call.catalogue.profile(settled.profile)
    hotline = str(profile.settings_with(settled.settings)[HOTLINE])
    if editions.not_ready(guide, guidance(), profile.procedures, hotline) is None:
        possible.append(AllowedAction(action=c.CompileGuide.NAME, path=f"{base}/editions"))
    return offered(call, *possible)


def _edition_actions(call: Call, settled: Property, guide: Guide, edition: Edition) -> list[AllowedAction]:
    most = setting_number(call.catalogue.profile(settled.profile), settled, editions.DISTRIBUTIONS_MAX)
    if editions.not_distributable(guide, edition, most) is not None:
        return []
    path = f"/v1/properties/{call.property_id}/guide/editions/{edition.number}/distribute"
    return offered(call, AllowedAction(action=c.DistributeGuide.NAME, path=path, body="DistributeBody"))


def _item(call: Call, settled: Property, guide: Guide, edition: Edition) -> EditionItem:
    item = EditionItem.model_validate(edition)
    item.allowed_actions = _edition_actions(call, settled, guide, edition)
    return item
