"""What a caller sees of the visit to a home or a public place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel

from services.dispatch.domain.evidence import Copies, Given, GivenState, state_of
from services.dispatch.domain.model import WorkOrder


class MaterialView(BaseModel):
    """Material as written on the form."""

    name: str
    quantity: str


class SiteView(BaseModel):
    """The visit: whether the household ordered it, where the technician is, bells, form, who is with him."""

    ordered: bool
    own_material: bool
    place: str
    visits: int
    rang_at: list[datetime]
    form_confirmed: bool
    companion_id: str
    late: int
    no_shows: int
    waiting_since: datetime | None
    helpers: list[str]
    materials: list[MaterialView]
    cleaned_at: datetime | None
    rating: int | None


def site_view(order: WorkOrder) -> SiteView:
    """The visit of an order; an empty one before the first."""
    site = order.there
    return SiteView(
        ordered=site.ordered,
        own_material=site.own_material,
        place=site.place,
        visits=site.visits,
        rang_at=list(site.rang_at),
        form_confirmed=site.form_confirmed,
        companion_id=site.companion_id,
        late=site.late,
        no_shows=site.no_shows,
        waiting_since=site.waiting_since,
        helpers=list(site.helpers),
        materials=[MaterialView(name=m.name, quantity=m.quantity) for m in site.materials],
        cleaned_at=site.cleaned_at,
        rating=site.rating,
    )


class GivenView(BaseModel):
    """A file given with a step. `state`: what intake has told of it; `awaited` while it has told nothing."""

    id: str
    sha256: str
    kind: str
    step: str
    by: str
    given_at: datetime
    state: GivenState


def given_views(files: Sequence[Given], request_id: str, copies: Copies) -> list[GivenView]:
    """The files of a slip or callback, in the order they were given."""
    return [
        GivenView(
            id=one.id,
            sha256=one.sha256,
            kind=one.kind,
            step=one.step,
            by=one.by,
            given_at=one.given_at,
            state=state_of(one, request_id, copies),
        )
        for one in files
    ]


def collect_due_at(order: WorkOrder) -> datetime | None:
    """Until when the department should have the slip; None where it is pushed (P027)."""
    if order.rules.mode == "push" or order.issued_at is None or order.kind == "errand":
        return None
    return order.issued_at + timedelta(minutes=order.rules.collect_within_minutes)


def collected_late(order: WorkOrder) -> bool:
    """Whether the slip was collected after its time."""
    due = collect_due_at(order)
    return due is not None and order.collected_at is not None and order.collected_at > due


def paperwork_gaps(order: WorkOrder, signatures_missing: list[str]) -> list[str]:
    """What the slip of an emergency still lacks (P020); empty while the work goes on."""
    if not order.emergency or order.status != "REPAIRED":
        return []
    gaps = [] if order.item else ["item"]
    if order.quote is not None and order.quote.state == "offered":
        gaps.append("consent")
    return gaps + [f"signature:{name}" for name in signatures_missing]


class MissingView(BaseModel):
    """Missing material: state, until when it is reported, its purchase slip, and how it ended (P028)."""

    name: str
    quantity: str
    state: str
    missing_since: datetime
    report_due_at: datetime
    reported_at: datetime | None
    purchase_slip: str
    settled_at: datetime | None
    explanation: str


class UndoneView(BaseModel):
    """A slip that came back undone, and in whose hands it is (P029)."""

    reason: str
    returned_by: str
    returned_at: datetime
    signed_by: str
    signed_at: datetime | None
    passed_by: str
    passed_at: datetime | None
    told_by: str
    told_at: datetime | None


class OutsideView(BaseModel):
    """The developer or outside unit that has the matter (P024, P025)."""

    kind: str
    reason: str
    party_id: str
    party_name: str
    item: str
    delivered_on: str
    given_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    followed: int
    followed_at: datetime | None
    solution: str
    owner_told_at: datetime | None


class NoticeView(BaseModel):
    """The supervisor's signature under a notice, and who goes along (P026)."""

    by: str
    at: datetime
    follower_id: str


V = TypeVar("V", bound=BaseModel)


def shown(kind: type[V], value: object | None) -> V | None:
    """A value of the order as its view shows it; None where there is none."""
    return None if value is None else kind(**{name: getattr(value, name) for name in kind.model_fields})
