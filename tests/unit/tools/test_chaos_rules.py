"""What the rules of the deeper flows expect, and what they let pass: callbacks, clocks, paper, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tools.chaos.facts import Ending, Number, Order, Outage, Request, Shown, Use
from tools.chaos.facts_files import Arrived, Blob, File, Given, Sent
from tools.chaos.facts_work import Alarm, Callback, Completed, OnPaper, Reported, Told
from tools.chaos.rules import callbacks, cases, files, followed, numbers, requests

T = datetime(2026, 3, 2, 2, tzinfo=UTC)  # ten in the morning in Shanghai
GRACE = timedelta(seconds=30)
HOUR = timedelta(hours=1)


def order(urgency: str = "general") -> Order:
    return Order(
        property_id="tower",
        id="wo",
        request_id="r",
        stream="r",
        kind="repair",
        status="CLOSED",
        rework_of="",
        succeeded_by="",
        issued_at=T,
        clock_from=T,
        due_at=T + HOUR,
        done_at=T,
        percents=(100,),
        answer_minutes=None,
        urgency=urgency,
    )


def reported(procedure: str = "repair-report", hazard: str = "", *, leak: bool = False) -> Reported:
    return Reported("tower", "r", procedure, hazard, leak, T, T)


def called(*rounds: str) -> list[Callback]:
    own = ("tower", "c", "r", "wo", "tech")
    return [Callback(*own, name, "DUE", "", "", "", (), T, told=("scheduled",)) for name in rounds]


DONE = Completed("tower", "wo", "r", "repair", "", 0)


@pytest.mark.parametrize(
    ("urgency", "report", "rounds"),
    [
        ("general", reported(), ["first"]),
        ("urgent", reported(), ["first", "second"]),
        ("emergency", reported(hazard="flooding"), ["first", "second", "rain"]),
        ("general", reported(leak=True), ["first", "rain"]),
        ("general", reported("car-hire"), []),
    ],
)
def test_each_finished_repair_has_the_callbacks_of_its_kind(
    urgency: str, report: Reported, rounds: list[str]
) -> None:
    def judged(found: Sequence[Callback]) -> list[str]:
        return [v.rule for v in callbacks.scheduled([DONE], [order(urgency)], [report], found)]

    assert judged(called(*rounds)) == []
    assert judged(called(*rounds, "first")) == ["callback-count"]
    assert judged(called(*rounds[1:])) == (["callback-count"] if rounds else [])


def test_after_the_end_only_rain_brings_a_callback_to_a_satisfied_owner() -> None:
    def judged(status: str, *rounds: str) -> list[str]:
        return [v.rule for v in callbacks.left(called(*rounds), [Request("tower", "r", "100001", status)])]

    assert judged("OPEN", "first", "second", "rain") == []
    assert judged("SATISFIED", "rain") == []
    assert judged("SATISFIED", "second") == ["callback-left"]
    assert judged("CANCELLED", "rain") == ["callback-left"]
    [rain] = called("rain")
    lost = replace(rain, status="CLOSED", result="ended")
    found = callbacks.left([lost], [Request("tower", "r", "100001", "SATISFIED")])
    assert [v.rule for v in found] == ["rain-missed"]


def told(type: str, word: str, hours: float, sequence: int) -> Told:
    return Told("tower", "r", type, word, T + hours * HOUR, sequence)


def clocks(*steps: Told, alarms: Sequence[Alarm] = ()) -> dict[tuple[str, float], float | None]:
    """By kind and due hour: after how many hours it was relieved."""
    found = cases.clocks([reported("complaint-owner")], steps, alarms)
    return {
        (one.what, (one.due_at - T) / HOUR): None if one.relieved_at is None else (one.relieved_at - T) / HOUR
        for one in found
    }


def test_a_complaint_has_three_clocks_and_its_day_ends_at_local_midnight() -> None:
    assert clocks() == {("report_late", 14.0): None, ("answer_late", 24.0): None, ("press_due", 48.0): None}


def test_valid_does_not_stop_the_pressing_but_invalid_and_handled_do() -> None:
    assert clocks(told(cases.JUDGED, "VALID", 1, 2))["press_due", 48.0] is None
    assert clocks(told(cases.JUDGED, "INVALID", 1, 2))["press_due", 48.0] == 1
    assert clocks(told(cases.HANDLED, "", 2, 2))["press_due", 48.0] == 2


def test_a_second_round_has_clocks_of_its_own() -> None:
    found = clocks(told(cases.ANSWERED, "", 1, 2), told(cases.VERIFIED, "CONTINUE", 5, 3))
    assert found["answer_late", 24.0] == 1
    assert (found["answer_late", 29.0], found["press_due", 53.0]) == (None, None)


def test_shown_satisfied_and_opened_again_is_no_change() -> None:
    request = Request("tower", "r", "100001", "OPEN")
    endings = [Ending("tower", "r", "REOPENED", 5), Ending("tower", "r", "SATISFIED", 4)]
    shown = [Shown("tower", "r", "SATISFIED")]
    assert [v.rule for v in requests.ended([request], endings, [], shown)] == []
    again = [*endings, Ending("tower", "r", "SATISFIED", 6), Ending("tower", "r", "SATISFIED", 7)]
    assert "outcome-twice" in [v.rule for v in requests.ended([request], again, [], shown)]


def test_a_number_on_paper_may_wait_but_never_stands_twice() -> None:
    row = Number("tower", "slip", 2026, 1, "paper:b:0", "taken", "")
    sheet = OnPaper("tower", 2026, 1, "open", "", "")
    counters = {("tower", "slip", 2026): 1}

    def judged(*uses: Use, paper: Sequence[OnPaper] = (sheet,)) -> list[str]:
        return [v.rule for v in numbers.gapless([row], uses, counters, paper)]

    use = Use("tower", "slip", 2026, 1, "wo")
    assert judged() == []
    assert judged(use) == []
    assert judged(use, use) == ["number-twin"]
    assert judged(paper=()) == ["number-gap"], "taken for a block that is not there"


@pytest.mark.parametrize(
    ("age_seconds", "outages", "rules"),
    [
        (80, [], []),
        (120, [], ["joined-left"]),
        (120, [Outage("mongod", T + timedelta(seconds=50), T + timedelta(seconds=100))], []),
    ],
)
def test_a_joined_request_has_a_look_and_the_grace_to_follow(
    age_seconds: float, outages: list[Outage], rules: list[str]
) -> None:
    request = Request("tower", "r", "100001", "OPEN", joined_to="i")
    steps = [told(followed.JOINED_TO, "i", -1, 1), Told("tower", "i", followed.CLOSED, "SATISFIED", T, 9)]
    found = followed.joined([request], steps, outages, T + timedelta(seconds=age_seconds), GRACE)
    assert [v.rule for v in found] == rules


def test_what_was_sent_to_its_last_byte_is_an_upload_or_an_attachment() -> None:
    sent = [Sent("tower", "u", "aa", 3)]
    row = File("tower", "f", "r", "PENDING", "stored", "bb", "aa", 2)
    whole, part = Arrived("tower", "u", 3, 3), Arrived("tower", "u", 2, 3)
    assert list(files.promised(sent, [], [row], [])) == []
    assert list(files.promised(sent, [], [], [whole])) == []
    assert [v.rule for v in files.promised(sent, [], [], [part])] == ["file-lost"]


def test_a_removed_file_is_gone_and_its_record_stays() -> None:
    data = b"picture"
    digest = sha256(data).hexdigest()
    row = File("tower", "f", "r", "REMOVED", "gone", digest, "aa", len(data), told=(digest,))
    given = [Given("tower", "r", "f", digest, "aa", removed=True)]
    blob = Blob("tower/f", digest, len(data), len(data))
    assert list(files.promised([], given, [row], [])) == []
    assert list(files.kept([row], [])) == []
    assert [v.rule for v in files.kept([row], [blob])] == ["file-kept"]
