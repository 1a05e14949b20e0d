"""Contacts over HTTP: calls, visits and messages."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.intake import repository
from services.intake.answers import Items
from services.intake.api.common import (
    PREFIX,
    READ,
    Filter,
    PathId,
    answer,
    cursor,
    found,
    offered,
    place,
)
from services.intake.desk import desk_of
from services.intake.directory_answers import ContactAnswer, Recorded
from services.intake.domain import bodies, commands
from services.intake.domain.contact import Contact
from shared.events.envelope import Lane
from shared.http.actions import AllowedAction
from shared.http.call import Call, CallDep
from shared.http.page import PageDep
from shared.phones import to_e164

router = APIRouter(prefix=PREFIX, tags=["contacts"])


@router.post("/contacts", status_code=201, response_model=Recorded)
async def record_contact(call: CallDep, body: bodies.ContactBody) -> Response:
    """Record a call, visit or message (domain §4.8); it may open several requests, or be about one."""
    call.authorise(commands.RecordContact.NAME)
    contact_id = body.contact_id or call.derived_id("contact")
    about, lane = body.about_request_id, "routine"
    if about:
        lane = await desk_of(call).lane_of_request(call.property_id, about)
    return await call.run(
        commands.RecordContact(contact_id=contact_id, body=body),
        stream=about or f"contact:{contact_id}",
        lane=_lane(lane),
        creates=not about,
        status=201,
        location=f"/v1/properties/{call.property_id}/contacts/{contact_id}",
    )


@router.get("/contacts", response_model=Items)
async def list_contacts(
    call: CallDep,
    page: PageDep,
    channel: Filter = "",
    caller_phone: Filter = "",
    about_request_id: Filter = "",
) -> Response:
    """Contacts, latest first."""
    call.authorise(READ)
    values = {
        "channel": channel,
        "caller_phone": to_e164(caller_phone, "CN", "caller_phone") if caller_phone else "",
        "about_request_id": about_request_id,
    }
    rows = await repository.contacts(call.db, call.property_id, values, place(page), page.limit + 1)
    shown = rows[: page.limit]
    last = cursor(shown[-1].started_at, shown[-1].id) if len(rows) > page.limit else None
    return page.answer([ContactAnswer.model_validate(row) for row in shown], last)


@router.get("/contacts/{contact_id}", response_model=ContactAnswer)
async def read_contact(call: CallDep, contact_id: PathId) -> Response:
    """One contact, with the requests it opened."""
    call.authorise(READ)
    contact = await found(call, Contact, contact_id)
    opened = await repository.opened_by(call.db, call.property_id, contact_id)
    body = ContactAnswer.model_validate(contact).model_copy(
        update={"request_ids": opened, "allowed_actions": _actions(call)}
    )
    return answer(body, contact.version)


def _actions(call: Call) -> list[AllowedAction]:
    return offered(
        call,
        AllowedAction(
            action=commands.AcceptRequest.NAME,
            path=f"/v1/properties/{call.property_id}/requests",
            body="RequestBody",
        ),
    )


def _lane(lane: str) -> Lane:
    return "urgent" if lane == "urgent" else "routine"
