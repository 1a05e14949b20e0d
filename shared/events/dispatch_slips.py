"""Events of dispatch about slip numbers as such: nightly checks and blocks given out on paper (P033)."""

from __future__ import annotations

from typing import Literal

from shared.events.envelope import Event, Moment


class SlipsChecked(Event):
    """The numbers of a year were compared with the slips, for headquarters.

    Stream: `slips:<year>`. `missing`: neither written nor void; `twins`: written twice; `altered`: the slip
    and its number disagree; `paper_overdue`: on paper for too long, neither used nor void; `not_handed_in`:
    handled slips of months that are over, by department. Not `complete`: losing a slip is a major failure.
    """

    TYPE = "dispatch.slips.checked.v1"
    SUBJECT = "check_id"
    check_id: str
    year: int
    last: int
    used: int
    void: int
    complete: bool
    missing: tuple[int, ...] = ()
    twins: tuple[int, ...] = ()
    altered: tuple[int, ...] = ()
    paper_open: int = 0
    paper_overdue: tuple[int, ...] = ()
    not_handed_in: dict[str, int] = {}
    checked_at: Moment


class PaperNumbersRecorded(Event):
    """Numbers went out on paper for an outage, or one of them was void with a reason.

    Stream: `paper:<block_id>`. A number that is used shows in the slip that bears it.
    """

    TYPE = "dispatch.paper.recorded.v1"
    SUBJECT = "block_id"
    block_id: str
    year: int
    what: Literal["issued", "void"]
    numbers: tuple[int, ...]
    recorded_at: Moment
