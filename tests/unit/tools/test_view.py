"""The live view: all figures are on the screen and in the line, in both languages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from rich.console import Console

from tools.view.figures import Due, Figures, Process, line, money, remaining
from tools.view.render import screen

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def figures() -> Figures:
    return Figures(
        contacts=12,
        requests=Counter(OPEN=5, SATISFIED=3, CANCELLED=2),
        requests_open=Counter(emergency=1, general=4),
        work_open=Counter(emergency=1, urgent=2, general=7),
        late=Counter(urgent=1),
        slips=41,
        next_due=[
            Due("villa", "2026-000009", "general", "ISSUED", NOW + timedelta(days=2)),
            Due("tower", "2026-000007", "urgent", "ON_SITE", NOW - timedelta(minutes=70)),
        ],
        held=Counter(CNY=123_450),
        received=Counter(CNY=20_000, HKD=500),
        messages=Counter(sent=33, failed=1),
        processes=[Process("intake-front", True), Process("notify-bulk", False)],
        unanswered={"billing"},
    )


def test_the_screen_shows_every_figure_in_both_languages() -> None:
    console = Console(width=160, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(screen(figures(), NOW, "Asia/Shanghai"))
    text = captured.get()
    for word in (
        "今日来电 Calls in today",
        "派工 Work orders",
        "款项 Money",
        "今日通知 Messages out",
        "期限 Deadlines",
        "进程 Processes",
    ):
        assert word in text
    for figure in (
        "1,234.50 CNY",
        "2026-000007",
        "-1 h 10",
        "48 h 00",
        "notify-bulk",
        "SATISFIED",
        "billing",
        "12:00:00",
    ):
        assert figure in text
    assert text.index("2026-000007") < text.index("2026-000009")


def test_without_a_terminal_one_line_says_it_all() -> None:
    text = line(figures())
    assert text == (
        "calls=10 slips=41 open: emergency=1 urgent=2 general=7 late=1 held=1,234.50 CNY "
        "received=200.00 CNY + 5.00 HKD messages=33 | not ready: notify-bulk"
    )


def test_money_and_time_left() -> None:
    assert money(Counter()) == "0"
    assert remaining(NOW + timedelta(minutes=125), NOW) == "2 h 05"
    assert remaining(NOW - timedelta(minutes=5), NOW) == "-0 h 05"
