"""What a caller sends about a party: every field bounded, nothing extra."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.dispatch.domain.bodies import Body, Id, Name

BULK_PARTIES_MAX = 200
CONTACTS_MAX = 20
SERVICES_MAX = 50
Short = Annotated[str, Field(min_length=1, max_length=60)]


class PartyContactBody(Body):
    """One person or desk of a party."""

    name: Name
    phone: Annotated[str, Field(max_length=32)] = ""
    email: Annotated[str, Field(max_length=200, pattern=r"^$|^[^@\s]+@[^@\s]+$")] = ""
    duty: Annotated[str, Field(max_length=60)] = ""


class PartyBody(Body):
    """A partner, developer or outside unit."""

    kind: Literal["partner", "developer", "outside_unit"]
    name: Name
    contacts: Annotated[tuple[PartyContactBody, ...], Field(min_length=1, max_length=CONTACTS_MAX)]
    services: Annotated[tuple[Short, ...], Field(max_length=SERVICES_MAX)] = ()
    reached_by: Literal["phone", "email", "link"] = "phone"
    terms: Annotated[str, Field(max_length=2_000)] = ""
    cancellable: bool = False
    settlement: Annotated[str, Field(max_length=500)] = ""
    answer_within_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 24
    active: bool = True


class NamedParty(PartyBody):
    """One party of a list."""

    party_id: Id
