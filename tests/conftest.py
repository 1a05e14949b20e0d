"""Fixtures of every test: the seed, the stores of the session, and a corner of them for one test."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator

import hypothesis
import pytest

from shared.settings import Settings
from tests.stack import SessionStack, session_stack
from tools.stack import ports
from tools.stack.processes import port_offsets

SEED_VARIABLE = "GUANJIA_SEED"
SEED = int(os.environ.get(SEED_VARIABLE, "") or secrets.randbelow(2**32))
os.environ[SEED_VARIABLE] = str(SEED)  # the workers of a run have the same


def _share_ports() -> None:
    """Each worker takes free ports of its own share: between taking and listening nobody else can."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = (ports.LAST - ports.FIRST) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ports.FIRST += worker * share
    ports.LAST = ports.FIRST + share


_share_ports()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """One seed for everything random, hypothesis too."""
    if getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(SEED)
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("no clock", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("no clock")


def pytest_report_header() -> str:
    """How to run the same tests again."""
    broker = os.environ.get("GUANJIA_TEST_BROKER", "") or "by what is there"
    return f"seed: {SEED_VARIABLE}={SEED}, broker: {broker}"


@pytest.fixture(autouse=True)
def _seeded(request: pytest.FixtureRequest) -> None:
    """Each test starts from the seed and its own name: the order of tests does not matter."""
    random.seed(f"{SEED}:{request.node.nodeid}")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number for this test, derived from the seed of the run."""
    return random.Random(f"{SEED}:{request.node.nodeid}").getrandbits(32)


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Iterator[SessionStack]:
    """A real MongoDB and a real broker for the session; a test owns in them what its `settings` name."""
    with session_stack() as running:
        reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"\nstores: {running.how}")
        yield running


@pytest.fixture
def settings(stack: SessionStack) -> Iterator[Settings]:
    """Settings with databases, topics and ports of this test alone; what it made is dropped afterwards."""
    prefix = f"t{secrets.token_hex(4)}_"
    topics = prefix.replace("_", ".")
    yield stack.settings(
        database_prefix=prefix,
        topic_prefix=topics,
        base_port=ports.free_block(port_offsets()),
        kafka_assignment="all",
    )
    stack.forget(prefix, topics)
