"""Builders for the tests of intake's rules: a property, procedures as shipped, a request as accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.domain.accept import accepted
from services.intake.domain.actions import House, Standing
from services.intake.domain.bodies import RequestBody
from services.intake.domain.contact import Contact
from services.intake.domain.directory import Person, Unit, card_of
from services.intake.domain.property import Property
from services.intake.domain.request import Request, Work, staged
from services.intake.domain.times import Limits
from services.intake.domain.told import Circumstances
from services.intake.domain.urgency import decide, lane_of
from shared.catalogue.load import Catalogue
from shared.catalogue.model import IntakeRules
from shared.errors import Invalid
from shared.policy import Policy

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LIMITS = Limits()
CATALOGUE = Catalogue.shipped()
VILLA = Property(
    "villa-1", "villa-1", 1, "别墅", "Villa", "Asia/Shanghai", "villa", "CNY", {}, ("duty_officer",)
)
HOME = Unit("villa-1", "3-2-1801", 1, "3-2-1801", "3", "2", "1801")
CALL = Contact(
    "villa-1",
    "contact-1",
    0,
    channel="hotline",
    medium="call",
    caller_phone="+8613800138000",
    agent_id="lin",
    recorded_by="lin",
    started_at=NOW - timedelta(minutes=1),
)
CHEN = Person("villa-1", "chen", 1, "陈女士", ("+8613900139000",), "chen@example.com", "en")
CHEN_CARD = card_of(CHEN)


def body(**given: Any) -> RequestBody:
    """A general repair that is accepted; give what should differ."""
    return RequestBody.model_validate(
        {
            "procedure": "repair-report",
            "category": "plumbing",
            "area": "indoor",
            "unit_id": HOME.id,
            "description": "The tap drips",
            "fields": {"part": "kitchen tap", "tariff_told": True},
            "contact_id": CALL.id,
            **given,
        }
    )


def circumstances(asked: RequestBody, **given: Any) -> Circumstances:
    """The circumstances of a desk on a Monday morning."""
    procedure = CATALOGUE.procedure(asked.procedure, VILLA.profile)
    rules = given.pop("rules", procedure.intake)
    assert isinstance(rules, IntakeRules)
    try:
        lane = lane_of(decide(rules, asked.hazard, asked.urgency).urgency, asked.origin)
    except Exception:
        lane = "routine"
    seen = Circumstances(
        settled=VILLA,
        procedure=procedure,
        rules=rules,
        unit=HOME if asked.unit_id == HOME.id else None,
        person=None,
        contact=CALL if asked.contact_id else None,
        by="lin",
        device="desk",
        lane=lane,
        now=NOW,
        limits=LIMITS,
    )
    return replace(seen, **given)


def accept(asked: RequestBody | None = None, **given: Any) -> Request:
    """A request as accepted."""
    asked = asked or body()
    return accepted("request-1", "100001", asked, circumstances(asked, **given))


def arranged(request: Request | None = None) -> Request:
    """A request somebody works on."""
    work = Work("wo-1", slip="2026-000001", assignee_id="wang", issued_at=NOW, arranged_at=NOW)
    return staged(replace(request or accept(), work=work, department="engineering"))


def done(request: Request | None = None) -> Request:
    """A request whose work is closed and settled."""
    base = arranged(request)
    assert base.work is not None
    return staged(replace(base, work=replace(base.work, step="closed", completed_at=NOW, closed_at=NOW)))


def standing(request: Request, by: str = "lin") -> Standing:
    """The request as this person of every role finds it."""
    policy = Policy.shipped()
    return Standing(request, by, frozenset(policy.roles), NOW, policy, House(3, 50, "first_contact"))


def refused(asked: Any, **given: Any) -> Invalid:
    """Why a request is not accepted; it names a field and what would be accepted."""
    with pytest.raises(Invalid) as error:
        accept(asked, **given)
    assert error.value.field
    assert error.value.accepted
    return error.value
