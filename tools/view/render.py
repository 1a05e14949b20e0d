"""Draws the figures for a terminal.

Bilingual headings, one screen, nothing that scrolls. Pure: figures in, a Rich layout out.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tools.view.figures import DUE_SHOWN, URGENCIES, Due, Figures, money, remaining

URGENCY = {
    "emergency": ("紧急 emergency", "bold red"),
    "urgent": ("急修 urgent", "yellow"),
    "general": ("一般 general", "green"),
}
MESSAGE_STATES = (
    ("sent", "已发出 sent"),
    ("queued", "待发 queued"),
    ("held", "免扰 held"),
    ("failed", "失败 failed"),
    ("unknown", "不明 unknown"),
)


def screen(figures: Figures, now: datetime, zone: str) -> RenderableType:
    """The whole view at a moment; times in the zone of the properties."""
    local = now.astimezone(ZoneInfo(zone))
    head = Text(f"Guanjia 管家   {local:%Y-%m-%d %H:%M:%S}", style="bold")
    boxes = Columns(
        [_calls(figures), _work(figures), _money(figures), _messages(figures)], equal=True, expand=True
    )
    return Group(head, boxes, _deadlines(figures, now, zone), _health(figures))


def _calls(figures: Figures) -> Panel:
    table = _grid()
    table.add_row("来电来访 contacts", str(figures.contacts))
    table.add_row("报事 requests", str(figures.requests.total()))
    for outcome, count in sorted(figures.requests.items()):
        table.add_row(f"  {outcome}", str(count))
    table.add_row("全部未结 all open", str(figures.requests_open.total()))
    return Panel(table, title="今日来电 Calls in today", title_align="left")


def _work(figures: Figures) -> Panel:
    table = _grid()
    for name in URGENCIES:
        label, style = URGENCY[name]
        late = f"  逾期 late {figures.late[name]}" if figures.late[name] else ""
        table.add_row(Text(label, style=style), f"{figures.work_open[name]}{late}")
    table.add_row("派工单 slips issued", str(figures.slips))
    return Panel(table, title="派工 Work orders", title_align="left")


def _money(figures: Figures) -> Panel:
    table = _grid()
    table.add_row("押金 deposits held", money(figures.held))
    table.add_row("已收 received", money(figures.received))
    table.add_row("应收 owed", money(figures.owed))
    return Panel(table, title="款项 Money", title_align="left")


def _messages(figures: Figures) -> Panel:
    table = _grid()
    for state, label in MESSAGE_STATES:
        table.add_row(label, str(figures.messages[state]))
    return Panel(table, title="今日通知 Messages out today", title_align="left")


def _deadlines(figures: Figures, now: datetime, zone: str) -> Panel:
    table = Table(expand=True, box=None, header_style="dim")
    for heading in ("项目 property", "单号 slip", "级别 urgency", "状态 status", "期限 due", "剩余 left"):
        table.add_column(heading)
    for due in figures.due_soonest(DUE_SHOWN):
        table.add_row(*_due(due, now, zone))
    title = f"期限 Deadlines   逾期 late: {figures.late.total()}"
    return Panel(table, title=title, title_align="left")


def _due(due: Due, now: datetime, zone: str) -> tuple[RenderableType, ...]:
    label, style = URGENCY.get(due.urgency, (due.urgency, ""))
    left = Text(remaining(due.due_at, now), style="bold red" if due.due_at < now else "")
    at = f"{due.due_at.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"
    return due.property_id, due.slip, Text(label, style=style), due.status, at, left


def _health(figures: Figures) -> Panel:
    words = Text()
    for process in figures.processes:
        words.append("● ", style="green" if process.ready else "bold red")
        words.append(f"{process.name}  ")
    if figures.unanswered:
        words.append(f"  无回应 no answer: {', '.join(sorted(figures.unanswered))}", style="red")
    if figures.plays_failed:
        words.append(f"  演示中断 plays ended early: {figures.plays_failed}", style="yellow")
    return Panel(words, title="进程 Processes", title_align="left")


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    return table
