"""The weekly figures of complaints (P036) as a report that can be saved as a sheet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.intake.domain.complaint_report import Rate as Share
from services.intake.domain.complaint_report import Week, WeekReport
from shared.reports.model import Rate, Report, Table, Words

SHARES: Mapping[str, tuple[Words, Words]] = {
    "valid_of_received": (
        Words(zh="有效投诉率", en="Valid complaints"),
        Words(zh="有效投诉 / 收到的投诉", en="valid, of those received"),
    ),
    "valid_per_household": (
        Words(zh="本周有效投诉率(每户)", en="Valid complaints a household, this week"),
        Words(zh="有效投诉 / 户数", en="valid complaints of the week, of all households"),
    ),
    "valid_per_household_year": (
        Words(zh="年有效投诉率(每户)", en="Valid complaints a household, this year"),
        Words(zh="本年有效投诉 / 户数", en="valid complaints of the year, of all households"),
    ),
    "satisfied_of_closed": (
        Words(zh="投诉回访满意率", en="Complainants satisfied"),
        Words(
            zh="满意 / 已结投诉; 联系不上的计入分母",
            en="satisfied, of those closed; not reached stays counted",
        ),
    ),
    "verified_of_closed": (
        Words(zh="投诉回访率", en="Complaints verified"),
        Words(zh="已回访 / 已结投诉", en="called back, of those closed"),
    ),
    "reports_late": (
        Words(zh="当日未报告率", en="Not reported the same day"),
        Words(zh="当日未报告 / 收到的投诉", en="reported late, of those that had to be reported"),
    ),
    "answers_late": (
        Words(zh="24小时未答复率", en="Not answered within 24 h"),
        Words(zh="逾期答复 / 应答复的投诉", en="answered late, of those that had to be answered"),
    ),
}
COUNTS: Mapping[str, Words] = {
    "received": Words(zh="收到", en="received"),
    "undecided": Words(zh="待判定", en="undecided"),
    "valid": Words(zh="有效", en="valid"),
    "invalid": Words(zh="无效", en="invalid"),
    "pressed": Words(zh="催办", en="pressed"),
    "further_rounds": Words(zh="再次处理", en="further rounds"),
    "closed": Words(zh="已结", en="closed"),
}
GROUPS: Mapping[str, Words] = {
    "by_category": Words(zh="按类别", en="By category"),
    "by_grade": Words(zh="按等级", en="By grade"),
    "by_department": Words(zh="按部门", en="By department"),
    "by_outcome": Words(zh="按结果", en="By outcome"),
}
NUMBER = Words(zh="数量", en="count")


def sheet_of(report: WeekReport, week: Week, property_id: str, zone: str, now: datetime) -> Report:
    """The week's figures: each share with what is counted of what, and the counts in tables."""
    rates = tuple(_rate(name, getattr(report, name)) for name in SHARES)
    counts = tuple((title.zh, title.en, int(getattr(report, name))) for name, title in COUNTS.items())
    figures = Table(
        name="counts",
        title=Words(zh="数量", en="Counts"),
        columns=(Words(zh="项目", en="项目"), Words(zh="item", en="item"), NUMBER),
        rows=counts,
    )
    return Report(
        name="complaints",
        title=Words(zh="投诉周统计", en="Weekly complaints"),
        property_id=property_id,
        zone=zone,
        since=week.begins,
        until=week.ends,
        made_at=now,
        rates=rates,
        tables=(figures, *(_group(name, getattr(report, name)) for name in GROUPS)),
    )


def _rate(name: str, share: Share) -> Rate:
    title, means = SHARES[name]
    return Rate(name=name, title=title, means=means, numerator=share.numerator, denominator=share.denominator)


def _group(name: str, counted: Mapping[str, int]) -> Table:
    title = GROUPS[name]
    rows = tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))
    return Table(name=name, title=title, columns=(title, NUMBER), rows=rows, coded=(0,))
