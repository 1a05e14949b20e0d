"""A unit that did not end well leaves no trace in the state of its stream (kernel contract, rule 5)."""

from __future__ import annotations

from typing import Any, cast

from shared.kernel.kinds import Kinds
from shared.kernel.unit import Cause
from shared.kernel.work import BatchReads, Overlay, RunningUnit
from tests.connected.kernel_kit import PROPERTY, START, Tally

KEY = ("tallies", f"{PROPERTY}:r")


def test_what_a_refused_unit_meant_to_insert_may_exist_for_the_next() -> None:
    """It saved without looking; the next one of its stream looks, finds the thing, and changes it."""
    nothing = cast("Any", None)
    reads = BatchReads("billing", Kinds({Tally: "tallies"}), nothing, nothing, nothing, frozenset())
    cause = Cause(id="c", kind="command", property_id=PROPERTY, stream="r", lane="routine", payload=None)
    overlay = Overlay()
    unit = RunningUnit(cause, START, reads, overlay)
    unit.save(Tally(PROPERTY, "r"))
    assert overlay == Overlay(), "as if it had never run"
    overlay.merge(unit.effects)
    assert (overlay.basis, overlay.written) == ({KEY: 0}, {KEY})
