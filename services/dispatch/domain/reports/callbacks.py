"""The shares of callbacks (P031, P127; J28): unreachable people stay in the denominator. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from services.dispatch.domain.reports.rows import CallbackRow
from shared.reports.model import Rate, Table, Words

LISTED_MAX = 1_000


def callback_rates(rows: Sequence[CallbackRow], now: datetime) -> tuple[Rate, ...]:
    """How many were made, in time, proven, and with what result."""
    first = [r for r in rows if r.round == "first" and r.result != "superseded"]
    due = [r for r in rows if r.due(now)]
    answered = [r for r in due if r.answered_at is not None]
    by_phone = [r for r in answered if r.method == "phone"]
    return (
        _rate(
            "callbacks_closed",
            Words(zh="维修回访处理率", en="Repairs called back"),
            Words(
                zh="回访已完成并签证的维修单 / 已回单的维修单; 联系不上的计入分母",
                en="repair slips with a proven callback, of all returned; who was not reached stays counted",
            ),
            sum(r.proven for r in first),
            len(first),
            100,
        ),
        _rate(
            "callbacks_in_time",
            Words(zh="回访按时率", en="Callbacks in time"),
            Words(zh="按时回访数 / 应回访数", en="callbacks made by their time, of those due"),
            sum(r.answered_at is not None and r.answered_at <= r.due_at for r in due),
            len(due),
            100,
        ),
        _rate(
            "callbacks_proven",
            Words(zh="电话回访双签率", en="Telephone callbacks signed by two"),
            Words(
                zh="两人签名的电话回访 / 全部电话回访",
                en="callbacks by telephone with both signatures, of all by telephone",
            ),
            sum(r.proven for r in by_phone),
            len(by_phone),
            100,
        ),
        _rate(
            "owners_satisfied",
            Words(zh="回访满意率", en="Owners satisfied"),
            Words(zh="满意数 / 已答复的回访数", en="satisfied, of those who gave an opinion"),
            sum(r.opinion == "satisfied" for r in answered),
            len(answered),
        ),
        _rate(
            "owners_unreached",
            Words(zh="联系不上率", en="Owners not reached"),
            Words(zh="联系不上结案数 / 应回访数", en="given up as unreached, of those due"),
            sum(r.result == "unreached" for r in due),
            len(due),
        ),
    )


def callback_tables(rows: Sequence[CallbackRow], now: datetime) -> tuple[Table, ...]:
    """Counts by kind and round; what is overdue."""
    return _by_kind(rows, now), _overdue(rows, now)


def _by_kind(rows: Sequence[CallbackRow], now: datetime) -> Table:
    groups = Counter((r.kind, r.round) for r in rows)
    lines = []
    for (kind, round), count in sorted(groups.items()):
        found = [r for r in rows if (r.kind, r.round) == (kind, round)]
        results = Counter(r.result for r in found)
        lines.append(
            (
                kind,
                round,
                count,
                sum(r.due(now) for r in found),
                results["satisfied"],
                results["problem"],
                results["unreached"],
                results["superseded"],
                results["ended"],
            )
        )
    columns = (
        Words(zh="类别", en="kind"),
        Words(zh="轮次", en="round"),
        Words(zh="总数", en="all"),
        Words(zh="应回访", en="due"),
        Words(zh="满意", en="satisfied"),
        Words(zh="有问题", en="problem"),
        Words(zh="联系不上", en="unreached"),
        Words(zh="因返工取代", en="superseded"),
        Words(zh="随事项结案", en="ended with the request"),
    )
    title = Words(zh="按类别和轮次", en="By kind and round")
    return Table(name="kinds", title=title, columns=columns, rows=tuple(lines), coded=(0,))


def _overdue(rows: Sequence[CallbackRow], now: datetime) -> Table:
    late = sorted(
        (r for r in rows if r.status == "DUE" and r.due_at <= now), key=lambda r: (r.due_at, r.slip)
    )
    columns = (
        Words(zh="派工单号", en="slip"),
        Words(zh="地点", en="place"),
        Words(zh="首问责任人", en="first contact"),
        Words(zh="类别", en="kind"),
        Words(zh="应回访", en="due"),
    )
    lines = tuple((r.slip, r.place, r.first_contact_id, r.kind, r.due_at) for r in late[:LISTED_MAX])
    title = Words(zh="逾期回访", en="Overdue callbacks")
    return Table(name="overdue", title=title, columns=columns, rows=lines, coded=(3,))


def _rate(
    name: str, title: Words, means: Words, numerator: int, denominator: int, target: int | None = None
) -> Rate:
    return Rate(
        name=name,
        title=title,
        means=means,
        numerator=numerator,
        denominator=denominator,
        target_percent=target,
    )
