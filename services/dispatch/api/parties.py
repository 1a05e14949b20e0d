"""Partners, developers and outside units over HTTP (P024, P025, P074): single, in lists, and as CSV."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.dispatch import repository
from services.dispatch.api.common import READ, PathId, answer, csv_text
from services.dispatch.domain.bodies import Body
from services.dispatch.domain.party_bodies import BULK_PARTIES_MAX, NamedParty, PartyBody
from services.dispatch.domain.party_csv import parties_of
from services.dispatch.domain.people_commands import PutParties
from services.dispatch.handlers.parties import PartiesAnswer
from shared.errors import NotFound
from shared.http.call import CallDep
from shared.http.page import PageDep
from shared.texts.rows import require_taken

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["parties"])
CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}
STREAM = "parties"
Kind = Annotated[
    Literal["", "partner", "developer", "outside_unit"], Query(description="Only this kind; empty: any")
]


class PartyListBody(Body):
    """Parties: added, or replaced by id."""

    parties: Annotated[tuple[NamedParty, ...], Field(min_length=1, max_length=BULK_PARTIES_MAX)]


class ContactView(BaseModel):
    """Whom to reach."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    phone: str
    email: str
    duty: str


class PartyView(BaseModel):
    """One party as read."""

    model_config = ConfigDict(from_attributes=True)
    version: int
    id: str
    kind: str
    name: str
    contacts: list[ContactView]
    services: list[str]
    reached_by: str
    terms: str
    cancellable: bool
    settlement: str
    answer_within_hours: int
    active: bool


class PartyPage(BaseModel):
    """A page of parties."""

    items: list[PartyView]
    next: str | None


@router.get("/parties", response_model=PartyPage)
async def list_parties(call: CallDep, page: PageDep, kind: Kind = "") -> Response:
    """The parties of the property, by id."""
    call.authorise(READ)
    found = await repository.parties(call.db, call.property_id, kind, page.after, page.limit + 1)
    shown = [PartyView.model_validate(p) for p in found[: page.limit]]
    return page.answer(list(shown), shown[-1].id if len(found) > page.limit else None)


@router.get("/parties/{party_id}", response_model=PartyView)
async def read_party(call: CallDep, party_id: PathId) -> Response:
    """One party."""
    call.authorise(READ)
    party = await repository.party(call.db, call.property_id, party_id)
    if party is None:
        raise NotFound("party", "There is no such party in this property.", field="party_id")
    return answer(PartyView.model_validate(party), party.version)


@router.post("/parties", response_model=PartiesAnswer)
async def put_parties(call: CallDep, body: PartyListBody) -> Response:
    """Add or replace parties."""
    return await call.run(PutParties(parties=body.parties), stream=STREAM)


@router.put("/parties/{party_id}", response_model=PartiesAnswer)
async def put_party(call: CallDep, party_id: PathId, body: PartyBody) -> Response:
    """Add or replace one party."""
    row = NamedParty(party_id=party_id, **body.model_dump())
    return await call.run(PutParties(parties=(row,)), stream=STREAM)


@router.post("/parties/csv", response_model=PartiesAnswer, openapi_extra=CSV)
async def upload_parties(call: CallDep, request: Request) -> Response:
    """Add or replace parties from a CSV file: party_id, kind, name, contact and what else is known."""
    call.authorise(PutParties.NAME)
    parsed = parties_of(await csv_text(request), call.voice.tell)
    require_taken(len(parsed.rows), parsed.refused)
    command = PutParties(
        parties=parsed.rows, lines=parsed.lines, refused=parsed.refused, language=call.voice.language
    )
    return await call.run(command, stream=STREAM)
