"""A day's records and their signatures (P003), and the weekly report of complaints (P036), over HTTP."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.intake import repository
from services.intake.api.common import PREFIX, READ, answer, offered
from services.intake.case_answers import ComplaintReport, DayAnswer, SheetAnswer
from services.intake.desk import desk_of
from services.intake.directory_answers import Recorded
from services.intake.domain import case_commands as c
from services.intake.domain import complaint_report, day
from services.intake.domain.complaint_sheet import sheet_of
from services.intake.domain.day import DaySheet
from services.intake.domain.property import Property, setting_number
from services.intake.repository import cases, figures
from shared.errors import NotFound
from shared.events.intake_cases import RecordKind
from shared.http.actions import AllowedAction
from shared.http.call import Call, CallDep
from shared.reports.model import Language
from shared.reports.render import MEDIA, Format, rendered

router = APIRouter(prefix=PREFIX, tags=["records"])
Day = Annotated[str, Path(max_length=10, description="2026-03-01, as the property counts its days")]
WeekOf = Annotated[
    str, Query(max_length=8, description="An ISO week of the property: 2026-W12; left out: this week")
]


FormatOf = Annotated[Format, Query(description="json, csv or xlsx")]
LanguageOf = Annotated[Language, Query(description="zh or en")]


@router.get("/days/{day_text}", response_model=DayAnswer)
async def read_day(call: CallDep, day_text: Day) -> Response:
    """How many records of each kind the day has, and who signed them."""
    call.authorise(READ)
    which = day.read_day(day_text)
    settled = await _settled(call)
    counted, visits = await _counted(call, which)
    ids = tuple(day.sheet_id(which.isoformat(), kind) for kind in day.KINDS)
    sheets = {one.kind: one for one in await repository.several(call.db, DaySheet, call.property_id, ids)}
    body = DayAnswer(
        day=which.isoformat(),
        version=0,
        unsettled_visits=visits,
        sheets=[
            _sheet(call, settled.zone, which, kind, counted[kind], sheets.get(kind)) for kind in day.KINDS
        ],
    )
    return answer(body, 0)


@router.post("/days/{day_text}/{kind}/sign", response_model=Recorded)
async def sign_day(call: CallDep, day_text: Day, kind: RecordKind, body: day.SignDayBody) -> Response:
    """Sign the records of a day, as supervisor or above (P003)."""
    call.authorise(c.SignDay.NAME)
    which = day.read_day(day_text)
    counted, _ = await _counted(call, which)
    command = c.SignDay(day=which.isoformat(), kind=kind, counted=counted[kind], body=body)
    return await call.run(command, stream=f"day:{which.isoformat()}")


@router.get("/reports/complaints", response_model=ComplaintReport)
async def complaint_week(
    call: CallDep, week: WeekOf = "", format: FormatOf = "json", language: LanguageOf = "zh"
) -> Response:
    """The week's complaints, counted, with the valid-complaint rate as numerator and denominator (P036).

    As CSV or XLSX the same figures as a sheet.
    """
    call.authorise(READ)
    settled = await _settled(call)
    which = complaint_report.week_of(week or complaint_report.week_at(call.now, settled.zone), settled.zone)
    profile = call.catalogue.profile(settled.profile)
    received, closed, households, valid = await asyncio.gather(
        cases.received_between(call.db, call.property_id, which.begins, which.ends),
        cases.closed_between(call.db, call.property_id, which.begins, which.ends),
        figures.count_units(call.db, call.property_id),
        cases.valid_between(call.db, call.property_id, which.year_begins, which.ends),
    )
    report = complaint_report.weekly(
        received,
        closed,
        households=households,
        valid_of_year=valid,
        ceiling_permille=setting_number(profile, settled, "complaint.valid_rate_permille"),
    )
    if format == "json":
        return answer(ComplaintReport.of(which, report), 0)
    sheet = sheet_of(report, which, call.property_id, settled.zone, call.now)
    named = {"Content-Disposition": f'attachment; filename="complaints.{format}"'}
    return Response(rendered(sheet, format, language), media_type=MEDIA[format], headers=named)


async def _counted(call: Call, which: date) -> tuple[dict[RecordKind, int], int]:
    settled = await _settled(call)
    begins, ends = day.bounds(which, settled.zone)
    by_procedure = await figures.by_procedure(call.db, call.property_id, begins, ends)
    visits = await figures.unsettled_visits(call.db, call.property_id, begins, ends)
    return day.counted(by_procedure, call.catalogue.procedures), visits


async def _settled(call: Call) -> Property:
    settled = await desk_of(call).settled(call.property_id, call.now)
    if settled is None:
        raise NotFound("property-not-open", "This property has not been opened yet.")
    return settled


def _sheet(
    call: Call, zone: str, which: date, kind: RecordKind, counted: int, sheet: DaySheet | None
) -> SheetAnswer:
    path = f"/v1/properties/{call.property_id}/days/{which.isoformat()}/{kind}/sign"
    open_ = day.not_to_sign(sheet, which, counted, call.now, zone) is None
    sign = AllowedAction(action=c.SignDay.NAME, path=path, body="SignDayBody")
    return SheetAnswer(
        kind=kind,
        counted=counted,
        signed_counted=sheet.counted if sheet else None,
        signed_by=sheet.signed_by if sheet else "",
        signed_at=sheet.signed_at if sheet else None,
        remark=sheet.remark if sheet else "",
        allowed_actions=offered(call, sign) if open_ else [],
    )
