"""Reports over HTTP (P032, P033, P031; domain §4.14) as JSON, CSV or XLSX; every rate says what it counts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.dispatch import repository
from services.dispatch.api.common import READ
from services.dispatch.domain.reports.made import RECIPES, Seen, made
from services.dispatch.handlers.rules import zone_of
from shared.errors import NotFound
from shared.http.call import CallDep
from shared.reports.model import Language
from shared.reports.period import period
from shared.reports.render import MEDIA, Format, rendered
from shared.texts.say import listed

router = APIRouter(prefix="/v1/properties/{property_id}", tags=["reports"])
Name = Literal["repair-week", "slips", "late-slips", "urgent-24h", "general-3d", "callbacks"]
Week = Annotated[str, Query(max_length=8, description="A week such as 2026-W10; empty: this week")]
Day = Annotated[date | None, Query(description="A day of the property, such as 2026-03-02")]


class ReportItem(BaseModel):
    """One report that can be asked for."""

    name: str
    title_zh: str
    title_en: str


class ReportList(BaseModel):
    """All reports."""

    items: list[ReportItem]


class RateView(BaseModel):
    """A share; `permille` is null where there is nothing to count."""

    name: str
    title: str
    means: str
    numerator: int
    denominator: int
    permille: int | None
    target_percent: int | None


class TableView(BaseModel):
    """A table; each row has one cell a column. `coded`: the columns, from 0, that hold codes (a category)."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Any]]
    coded: list[int]


class ReportView(BaseModel):
    """A report as JSON; CSV and XLSX say the same."""

    name: str
    title: str
    property_id: str
    since: str
    until: str
    made_at: str
    rates: list[RateView]
    tables: list[TableView]


@router.get("/reports", response_model=ReportList)
async def list_reports(call: CallDep) -> Response:
    """The reports that can be asked for."""
    call.authorise(READ)
    items = [ReportItem(name=n, title_zh=r.title.zh, title_en=r.title.en) for n, r in RECIPES.items()]
    return Response(ReportList(items=items).model_dump_json(), media_type="application/json")


@router.get(
    "/reports/{name}",
    response_model=ReportView,
    responses={200: {"content": {MEDIA["csv"].split(";")[0]: {}, MEDIA["xlsx"]: {}}}},
)
async def read_report(
    call: CallDep,
    name: str,
    week: Week = "",
    since: Day = None,
    until: Day = None,
    format: Annotated[Format, Query(description="json, csv or xlsx")] = "json",
    language: Annotated[Language, Query(description="zh or en")] = "zh",
) -> Response:
    """One report over a week, or over days of the property (both included)."""
    call.authorise(READ)
    recipe = RECIPES.get(name)
    if recipe is None:
        raise NotFound("report", "There is no such report.", field="name", accepted=listed(RECIPES))
    zone = zone_of(await repository.settings_of(call.db, call.property_id))
    begins, ends = period(week, since, until, call.now, zone)
    seen = Seen(call.property_id, zone, begins, ends, call.now)
    if recipe.of_callbacks:
        found = await repository.callback_rows(call.db, call.property_id, begins, ends)
        seen = Seen(call.property_id, zone, begins, ends, call.now, callbacks=found)
    else:
        slips = await repository.slip_rows(call.db, call.property_id, begins, ends)
        earlier = begins - (ends - begins)
        before = (
            await repository.slip_rows(call.db, call.property_id, earlier, begins) if recipe.compares else ()
        )
        seen = Seen(call.property_id, zone, begins, ends, call.now, slips=slips, before=before)
    body = rendered(made(name, seen), format, language)
    headers = {} if format == "json" else {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    return Response(body, media_type=MEDIA[format], headers=headers)
