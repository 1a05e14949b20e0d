"""Partners, developers, outside units (P024, P025, P074): who can be reached, files with many contacts."""

from __future__ import annotations

from typing import Any

import pytest

from services.dispatch.domain.parties import party_of
from services.dispatch.domain.party_bodies import NamedParty
from services.dispatch.domain.party_csv import parties_of
from shared.errors import Invalid

PROPERTY = "garden"


def row(**changes: Any) -> NamedParty:
    """The developer, reached by telephone."""
    values = {
        "party_id": "developer-1",
        "kind": "developer",
        "name": "Pine Construction",
        "contacts": [{"name": "Desk", "phone": "13800138000"}],
    }
    return NamedParty.model_validate({**values, **changes})


def test_p024_a_developer_has_contacts_and_terms() -> None:
    party = party_of(PROPERTY, None, row(terms="two years", answer_within_hours=48))
    assert (party.kind, party.answer_within_hours, party.terms) == ("developer", 48, "two years")
    assert party.contacts[0].phone == "+8613800138000"


@pytest.mark.parametrize(("way", "accepted"), [("email", "mail address"), ("link", "mail address")])
def test_p025_whoever_gets_work_by_a_way_must_be_reachable_by_it(way: str, accepted: str) -> None:
    with pytest.raises(Invalid, match="nobody who can be reached") as refused:
        party_of(PROPERTY, None, row(reached_by=way))
    assert refused.value.field == "contacts"
    assert accepted in (refused.value.accepted or "")


def test_p025_a_party_stays_of_its_kind() -> None:
    known = party_of(PROPERTY, None, row())
    with pytest.raises(Invalid, match="another kind"):
        party_of(PROPERTY, known, row(kind="partner"))


def test_p074_a_file_with_several_contacts_of_one_partner_and_a_bad_line() -> None:
    text = (
        "party_id,kind,name,contact,phone,email,services,cancellable\n"
        "cars,partner,Cars Ltd,Desk,13800138001,,car-hire; escort,yes\n"
        "cars,partner,Cars Ltd,Night,13800138002,night@cars.example,,\n"
        "bad,friend,Nobody,Desk,13800138003,,,\n"
    )
    parsed = parties_of(text)
    [cars] = parsed.rows
    assert [c.name for c in cars.contacts] == ["Desk", "Night"]
    assert (cars.services, cars.cancellable) == (("car-hire", "escort"), True)
    [refused] = parsed.refused
    assert (refused.line, refused.field) == (4, "kind")
