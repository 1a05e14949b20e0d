"""No loop rests so long that readiness takes it for dead (`ready_silence_seconds`)."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.settings import Settings
from tests.architecture.test_house_rules import ROOT, modules, name_of

WAITS = {"asyncio.sleep": 0, "asyncio.timeout": 0, "asyncio.wait_for": 1}
BY_SETTING: dict[str, Callable[[Settings], float]] = {
    "self._runtime.settings.intake_watch_seconds": lambda s: s.intake_watch_seconds,
    "self._pace.poll.total_seconds()": lambda s: s.message_poll_ms / 1000,
    "self.settings.lease_seconds / 3": lambda s: s.lease_seconds / 3,
    "self._sweep_seconds": lambda s: s.timer_sweep_ms / 1000,
}
"""Waits that a setting decides; the settings themselves are refused where they are too long."""
NO_REST = {
    ("services/notify/sender.py", "self._pace.lease.total_seconds() * 0.8"): "calls run beside the loop",
    ("services/notify/loops.py", "WIPE_EVERY_SECONDS"): "the end of retention says nothing to readiness",
    ("shared/kernel/loops.py", "timedelta(seconds=30).total_seconds()"): "so does the settling of numbers",
    ("shared/kernel/relay.py", "wait"): "after a failure, which readiness may show",
    ("shared/kernel/consumer.py", "wait"): "after a failure, which readiness may show",
    ("shared/kernel/runtime.py", "wait"): "after a failure, which readiness may show",
    ("shared/kernel/relay_session.py", "left"): "the other half of the session beats twice a second",
}
"""Waits beside which something else beats, or that are no rest, each with the reason."""


def beating() -> Iterator[Path]:
    """The modules whose loops say that they progress."""
    for path in modules("services", "shared"):
        text = path.read_text(encoding="utf-8")
        if ".beat(" in text or "_beat(" in text or "beat()" in text:
            yield path


def waits(path: Path) -> Iterator[str]:
    """How long a module waits, as it says it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in WAITS:
            yield ast.unparse(node.args[WAITS[name]])


def seconds(path: Path, said: str, settings: Settings) -> float:
    """What that is in seconds. A NameError names a wait that nobody has explained here."""
    if said in BY_SETTING:
        return BY_SETTING[said](settings)
    module: Any = importlib.import_module(name_of(path).removesuffix(".py").replace("/", "."))
    return float(eval(said, vars(module)))


def test_every_loop_beats_at_least_twice_in_the_time_that_counts_as_silence() -> None:
    settings = Settings.model_construct()
    longest = settings.ready_silence_seconds / 2
    said = [(path, wait) for path in beating() for wait in waits(path)]
    assert len(said) > 10
    known = [(path, wait) for path, wait in said if (name_of(path), wait) not in NO_REST]
    long = {(name_of(p), w): s for p, w in known if (s := seconds(p, w, settings)) > longest}
    assert long == {}
    assert NO_REST.keys() <= {(name_of(path), wait) for path, wait in said}, "what is named is there"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("intake_watch_seconds", 6.0),
        ("timer_sweep_ms", 6_000),
        ("message_poll_ms", 6_000),
        ("lease_seconds", 16.0),
        ("ready_silence_seconds", 3.0),
    ],
)
def test_a_setting_that_lets_a_loop_rest_too_long_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValidationError, match="READY_SILENCE_SECONDS"):
        Settings(**{name: value})


def test_the_root_is_the_projects() -> None:
    assert (ROOT / "services" / "intake" / "watch.py") in set(beating())
