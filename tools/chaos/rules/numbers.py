"""Slip and receipt numbers have no gap and no twin; a void one says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from tools.chaos.facts import Number, Use, Violation
from tools.chaos.facts_work import OnPaper

Series = tuple[str, str, int]
VOID, PAPER = "void", "paper:"


def gapless(
    numbers: Iterable[Number],
    uses: Iterable[Use],
    counters: Mapping[Series, int],
    on_paper: Iterable[OnPaper] = (),
) -> Iterator[Violation]:
    """Each number from 1 to the highest is on one document, or void with a reason.

    One that is out `on_paper` may wait for its report, and was not taken for the slip that bears it.
    """
    paper = {(one.property_id, one.year, one.number): one for one in on_paper}
    taken: dict[Series, dict[int, Number]] = defaultdict(dict)
    for one in numbers:
        taken[one.property_id, one.series, one.year][one.number] = one
    used: dict[Series, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for use in uses:
        used[use.property_id, use.series, use.year][use.number].append(use.of)
    for series in sorted(taken.keys() | used.keys() | counters.keys()):
        last = counters.get(series, 0)
        highest = max([last, *taken[series], *used[series]])
        if last != highest:
            where = _at(series, highest)
            yield Violation("counter-behind", where, f"the counter stands at {last}")
        present = sorted(taken[series].keys() | used[series].keys())
        for before, after in pairwise([0, *present, highest + 1]):
            if after > before + 1:
                what = f"nobody has any of {before + 1} to {after - 1}"
                yield Violation("number-gap", _at(series, before + 1), what)
        for n in present:
            row, bearers = taken[series].get(n), used[series].get(n, [])
            if row is not None and row.of.startswith(PAPER) and (series[0], series[2], n) in paper:
                yield from _twin(_at(series, n), bearers)  # what became of the sheet: rules/slips.py
            else:
                yield from _judge(_at(series, n), row, bearers)


def _twin(where: str, documents: Sequence[str]) -> Iterator[Violation]:
    if len(documents) > 1:
        yield Violation("number-twin", where, f"it stands on {' and on '.join(documents)}")


def _judge(where: str, row: Number | None, documents: Sequence[str]) -> Iterator[Violation]:
    yield from _twin(where, documents)
    if row is None:
        yield Violation("number-gap", where, f"{documents[0]} bears it, but nobody took it")
    elif row.state == VOID:
        if documents:
            yield Violation("number-void-used", where, f"it is void and stands on {documents[0]}")
        if not row.reason:
            yield Violation("number-void", where, "it is void without a reason")
    elif not documents:
        yield Violation("number-gap", where, f"it was taken for {row.of}, which does not bear it")
    elif row.of not in documents:
        yield Violation("number-twin", where, f"it was taken for {row.of} and stands on {documents[0]}")


def _at(series: Series, number: int) -> str:
    property_id, name, year = series
    return f"{property_id}:{name}:{year}:{number}"
