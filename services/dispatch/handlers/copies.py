"""The four copies of a slip, each with what its addressee needs and no more (P033, 004 篇2 §二.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from services.dispatch.domain.model import WorkOrder
from services.dispatch.handlers.answers import SignatureView
from services.dispatch.handlers.views import (
    MaterialView,
    MissingView,
    OutsideView,
    UndoneView,
    collected_late,
    shown,
)

CopyName = Literal["owner", "finance", "service", "engineering"]
ACTIONS: Mapping[CopyName, str] = {
    "owner": "dispatch.read_owner_copy",
    "finance": "dispatch.read_finance_copy",
    "service": "dispatch.read_service_copy",
    "engineering": "dispatch.read_engineering_copy",
}


class Copy(BaseModel):
    """What stands on every copy: number, month, reference, what it is about and when."""

    copy_for: CopyName
    slip: str
    period: str
    reference: str
    procedure: str
    urgency: str
    place: str
    status: str
    issued_at: datetime | None
    due_at: datetime | None
    done_at: datetime | None


class OwnerCopy(Copy):
    """For the owner: the item, the price agreed, who signed, and his rating."""

    appointment_at: datetime | None
    item: str
    total_minor: int | None
    currency: str
    signatures: list[SignatureView]
    rating: int | None


class FinanceCopy(Copy):
    """For finance: what was agreed and is to be paid, signed by the owner or not."""

    item: str
    quote_id: str
    quote_state: str
    total_minor: int | None
    currency: str
    owner_signed: bool
    purchase_slip: str


class ServiceCopy(Copy):
    """For customer service: how it was handled, from collection to hand-in."""

    unit_id: str
    assignee_id: str
    collected_by: str
    collected_at: datetime | None
    collected_late: bool
    visits: int
    no_shows: int
    late: int
    signatures: list[SignatureView]
    rating: int | None
    undone: UndoneView | None
    outside: OutsideView | None
    handed_in_at: datetime | None


class EngineeringCopy(Copy):
    """For engineering: trade, hazard, item, material, who did it. No money."""

    department: str
    category: str
    skill: str
    hazard: str
    assignee_id: str
    helpers: list[str]
    item: str
    item_differs: bool
    owner_material: str
    materials: list[MaterialView]
    missing: MissingView | None
    signatures: list[SignatureView]


AnyCopy = OwnerCopy | FinanceCopy | ServiceCopy | EngineeringCopy


def copy_of(order: WorkOrder, name: CopyName) -> AnyCopy:
    """That copy of the slip."""
    return MAKERS[name](order)


def _head(order: WorkOrder, name: CopyName) -> dict[str, object]:
    kept = ("slip", "period", "reference", "procedure", "urgency", "place", "status", "issued_at", "due_at")
    return {"copy_for": name, "done_at": order.done_at, **{field: getattr(order, field) for field in kept}}


def _price(order: WorkOrder) -> dict[str, object]:
    total = order.quote.total if order.quote is not None else None
    if total is None:
        return {"total_minor": None, "currency": ""}
    return {"total_minor": total.amount_minor, "currency": total.currency}


def _signatures(order: WorkOrder) -> list[SignatureView]:
    return [SignatureView(signer=s.signer, by=s.by, signed_at=s.signed_at) for s in order.signatures]


def _owner(order: WorkOrder) -> AnyCopy:
    return OwnerCopy.model_validate(
        {
            **_head(order, "owner"),
            **_price(order),
            "appointment_at": order.appointment_at,
            "item": order.item,
            "signatures": _signatures(order),
            "rating": order.there.rating,
        }
    )


def _finance(order: WorkOrder) -> AnyCopy:
    quote = order.quote
    return FinanceCopy.model_validate(
        {
            **_head(order, "finance"),
            **_price(order),
            "item": order.item,
            "quote_id": quote.quote_id if quote is not None else "",
            "quote_state": quote.state if quote is not None else "",
            "owner_signed": any(s.signer == "owner" for s in order.signatures),
            "purchase_slip": order.material.purchase_slip if order.material is not None else "",
        }
    )


def _service(order: WorkOrder) -> AnyCopy:
    kept = ("unit_id", "assignee_id", "collected_by", "collected_at", "handed_in_at")
    return ServiceCopy.model_validate(
        {
            **_head(order, "service"),
            **{field: getattr(order, field) for field in kept},
            **{field: getattr(order.there, field) for field in ("visits", "no_shows", "late", "rating")},
            "collected_late": collected_late(order),
            "signatures": _signatures(order),
            "undone": shown(UndoneView, order.undone),
            "outside": shown(OutsideView, order.outside),
        }
    )


def _engineering(order: WorkOrder) -> AnyCopy:
    kept = ("department", "category", "skill", "hazard", "assignee_id", "item", "item_differs")
    return EngineeringCopy.model_validate(
        {
            **_head(order, "engineering"),
            **{field: getattr(order, field) for field in kept},
            "helpers": list(order.there.helpers),
            "owner_material": order.owner_material,
            "materials": [MaterialView(name=m.name, quantity=m.quantity) for m in order.there.materials],
            "missing": shown(MissingView, order.material),
            "signatures": _signatures(order),
        }
    )


MAKERS: Mapping[CopyName, Callable[[WorkOrder], AnyCopy]] = {
    "owner": _owner,
    "finance": _finance,
    "service": _service,
    "engineering": _engineering,
}
