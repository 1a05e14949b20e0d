"""Slip and receipt numbers have no gap and no twin; a void one says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from tools.chaos.facts import Number, Use, Violation

Series = tuple[str, str, int]
VOID = "void"


def gapless(
    numbers: Iterable[Number], uses: Iterable[Use], counters: Mapping[Series, int]
) -> Iterator[Violation]:
    """Each number from 1 to the highest is on one document, or void with a reason."""
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
            yield from _judge(_at(series, n), taken[series].get(n), used[series].get(n, []))


def _judge(where: str, row: Number | None, documents: Sequence[str]) -> Iterator[Violation]:
    if len(documents) > 1:
        yield Violation("number-twin", where, f"it stands on {' and on '.join(documents)}")
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
