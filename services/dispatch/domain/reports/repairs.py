"""Weekly repair statistics with their analysis (P032), and the shares of slips and deadlines (domain §4.14).

What is counted of what stands with every rate (J28). Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from services.dispatch.domain.reports.rows import SlipRow
from shared.reports.model import Cell, Rate, Table, Words

COUNTED = (
    Words(zh="报修数", en="reported"),
    Words(zh="完成", en="done"),
    Words(zh="按时完成", en="done in time"),
    Words(zh="撤消", en="withdrawn"),
    Words(zh="取消", en="cancelled"),
    Words(zh="未完成", en="open"),
    Words(zh="返工", en="done again"),
)
REPEATED_SHOWN_MAX = 50
LISTED_MAX = 1_000


def repairs(rows: Iterable[SlipRow]) -> list[SlipRow]:
    """The slips that are repairs; errands have statistics of their own."""
    return [row for row in rows if row.kind != "errand"]


def week_tables(now_rows: Sequence[SlipRow], before_rows: Sequence[SlipRow]) -> tuple[Table, ...]:
    """By type, level and result, and what stands out against the time before (P032)."""
    rows, before = repairs(now_rows), repairs(before_rows)
    return (
        _by("category", Words(zh="按类别", en="By type"), rows, lambda r: r.category),
        _by("urgency", Words(zh="按等级", en="By level"), rows, lambda r: r.urgency),
        _by("department", Words(zh="按部门", en="By department"), rows, lambda r: r.department),
        _compared(rows, before),
        _repeated(rows),
    )


def slip_tables(rows: Sequence[SlipRow]) -> tuple[Table, ...]:
    """Statistics of all slips by category and month (P033)."""
    return (
        _by("period", Words(zh="按月份", en="By month"), rows, lambda r: r.period),
        _by("kind", Words(zh="按单类", en="By kind"), rows, lambda r: r.kind),
        _by("category", Words(zh="按类别", en="By category"), rows, lambda r: r.category),
        _by("department", Words(zh="按部门", en="By department"), rows, lambda r: r.department),
    )


def slip_rates(rows: Sequence[SlipRow]) -> tuple[Rate, ...]:
    """How many slips were out in time (P018)."""
    return (
        Rate(
            name="slips_out_in_time",
            title=Words(zh="派工单5分钟内送达率", en="Slips out within their 5 minutes"),
            means=Words(
                zh="时限内发出的派工单 / 期间报修的全部派工单",
                en="slips issued within their limit, of all slips reported in the time",
            ),
            numerator=sum(row.out_in_time for row in rows),
            denominator=len(rows),
            target_percent=100,
        ),
    )


def deadline_rates(rows: Sequence[SlipRow], now: datetime) -> tuple[Rate, ...]:
    """Urgent ones within 24 hours, general ones within 3 days (P019, 002 §五.2)."""
    found = [row for row in repairs(rows) if row.judged(now)]
    titles = {
        "emergency": Words(zh="紧急情况按时处理率", en="Emergencies done in time"),
        "urgent": Words(zh="急修24小时完成率", en="Urgent repairs done within 24 h"),
        "general": Words(zh="一般项目3天完成率", en="General repairs done within 3 days"),
    }
    return tuple(
        Rate(
            name=f"{urgency}_in_time",
            title=title,
            means=Words(
                zh="时限内完成数 / 已完成或已过时限数; 业主撤消、取消的不计",
                en="done by the deadline, of those done or past it; without withdrawn and cancelled",
            ),
            numerator=sum(row.done_in_time for row in found if row.urgency == urgency),
            denominator=sum(row.urgency == urgency for row in found),
            target_percent=100,
        )
        for urgency, title in titles.items()
    )


def rework_rate(rows: Sequence[SlipRow]) -> Rate:
    """How much was done again."""
    found = repairs(rows)
    return Rate(
        name="rework",
        title=Words(zh="返工率", en="Done again"),
        means=Words(
            zh="返工派工单 / 全部维修派工单", en="slips for work done again, of all slips for repairs"
        ),
        numerator=sum(bool(row.rework_of) for row in found),
        denominator=len(found),
    )


def late_slips(rows: Sequence[SlipRow]) -> Table:
    """The slips that were not out in time, the latest first."""
    late = sorted(
        (row for row in rows if not row.out_in_time),
        key=lambda r: (r.slip_due_at - r.issued_at, r.slip),
    )
    columns = (
        Words(zh="派工单号", en="slip"),
        Words(zh="地点", en="place"),
        Words(zh="等级", en="level"),
        Words(zh="应发出", en="due"),
        Words(zh="发出", en="issued"),
        Words(zh="迟(秒)", en="late by s"),
    )
    shown = tuple(
        (r.slip, r.place, r.urgency, r.slip_due_at, r.issued_at, _seconds(r.issued_at, r.slip_due_at))
        for r in late[:LISTED_MAX]
    )
    title = Words(zh="迟发派工单", en="Late slips")
    return Table(name="late", title=title, columns=columns, rows=shown, coded=(2,))


def overdue(rows: Sequence[SlipRow], urgency: str, now: datetime) -> Table:
    """The repairs of that level that were not done in time, most overdue first."""
    late = [r for r in repairs(rows) if r.urgency == urgency and r.judged(now) and not r.done_in_time]
    late.sort(key=lambda r: (r.due_at - (r.done_at or now), r.slip))
    columns = (
        Words(zh="派工单号", en="slip"),
        Words(zh="地点", en="place"),
        Words(zh="类别", en="type"),
        Words(zh="维修人员", en="who"),
        Words(zh="时限", en="due"),
        Words(zh="完成", en="done"),
    )
    shown = tuple(
        (r.slip, r.place, r.category, r.assignee_id, r.due_at, r.done_at) for r in late[:LISTED_MAX]
    )
    title = Words(zh="逾期项目", en="Not in time")
    return Table(name="overdue", title=title, columns=columns, rows=shown, coded=(2,))


def _by(name: str, title: Words, rows: Iterable[SlipRow], key: Callable[[SlipRow], str]) -> Table:
    groups: dict[str, list[SlipRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    lines = [(value, *_counts(found)) for value, found in sorted(groups.items())]
    total = ("合计 / total", *_counts([row for found in groups.values() for row in found]))
    coded = () if name == "period" else (0,)
    return Table(name=name, title=title, columns=(title, *COUNTED), rows=(*lines, total), coded=coded)


def _counts(rows: Sequence[SlipRow]) -> tuple[int, ...]:
    outcomes = Counter(row.outcome for row in rows)
    return (
        len(rows),
        outcomes["done"],
        sum(row.done_in_time for row in rows if row.outcome == "done"),
        outcomes["withdrawn"],
        outcomes["cancelled"],
        outcomes["open"],
        sum(bool(row.rework_of) for row in rows),
    )


def _compared(rows: Sequence[SlipRow], before: Sequence[SlipRow]) -> Table:
    """The analysis: each type against the time of the same length before."""
    counts, earlier = Counter(r.category for r in rows), Counter(r.category for r in before)
    lines: list[tuple[Cell, ...]] = [
        (name, counts[name], earlier[name], counts[name] - earlier[name])
        for name in sorted({*counts, *earlier}, key=lambda n: (earlier[n] - counts[n], n))
    ]
    columns = (
        Words(zh="类别", en="type"),
        Words(zh="本期", en="now"),
        Words(zh="上期", en="before"),
        Words(zh="增减", en="change"),
    )
    title = Words(zh="与上期比较", en="Against the time before")
    return Table(name="compared", title=title, columns=columns, rows=tuple(lines), coded=(0,))


def _repeated(rows: Sequence[SlipRow]) -> Table:
    """The analysis: the same trouble in the same place more than once."""
    seen = Counter((r.unit_id or r.place, r.category) for r in rows)
    often = sorted((pair for pair in seen.items() if pair[1] > 1), key=lambda p: (-p[1], p[0]))
    columns = (
        Words(zh="地点", en="place"),
        Words(zh="类别", en="type"),
        Words(zh="次数", en="times"),
    )
    lines = tuple((place, category, times) for (place, category), times in often[:REPEATED_SHOWN_MAX])
    title = Words(zh="重复报修", en="Reported more than once")
    return Table(name="repeated", title=title, columns=columns, rows=lines, coded=(1,))


def _seconds(later: datetime, earlier: datetime) -> int:
    return int((later - earlier).total_seconds())
