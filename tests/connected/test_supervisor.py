"""Real service processes under the supervisor: ready, killed and back, drained, or said not to start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS, until
from tools.exits import Exit, Stop
from tools.stack.processes import BULK_NICE, status_of
from tools.stack.stack import Stack, StackOptions
from tools.stack.supervisor import Supervisor

pytestmark = pytest.mark.connected
READY_SECONDS = 2 * PATIENCE_SECONDS


def given(stack: SessionStack, settings: Settings, data: Path) -> StackOptions:
    """The stores of the session, with the databases and topics of this test."""
    return StackOptions(
        data=data,
        broker="given",
        mongodb_url=stack.mongodb_url,
        kafka_bootstrap_servers=stack.kafka_bootstrap_servers,
        database_prefix=settings.database_prefix,
        topic_prefix=settings.topic_prefix,
    )


def traits(settings: Settings) -> dict[str, str]:
    """What services must know of a given broker that is the embedded one."""
    return {
        "BROKER_FORGETS": str(settings.broker_forgets),
        "ENABLE_IDEMPOTENCE": str(settings.enable_idempotence),
        "PARTITIONS": "2",
        "SHUTDOWN_SECONDS": str(PATIENCE_SECONDS),
    }


async def test_services_start_come_back_after_a_kill_and_drain(
    stack: SessionStack, settings: Settings, tmp_path: Path
) -> None:
    lines: list[str] = []
    async with Stack(given(stack, settings, tmp_path)) as stores:
        supervisor = Supervisor(
            stores, services=("intake",), auditor=False, environment=traits(settings), report=lines.append
        )
        await supervisor.start(READY_SECONDS)
        try:
            assert set(supervisor.services) == {"intake-front", "intake-bulk"}
            assert supervisor.settings.database_prefix == settings.database_prefix
            bulk = supervisor.services["intake-bulk"]
            assert os.getpriority(os.PRIO_PROCESS, bulk.pid) >= BULK_NICE
            killed = {name: supervisor.kill(name) for name in supervisor.services}
            for process in supervisor.services.values():
                assert await process.child.exited(PATIENCE_SECONDS)
            await supervisor.wait_ready(seconds=READY_SECONDS)
            assert all(process.pid != killed[name] for name, process in supervisor.services.items())
            assert supervisor.ends() == {"intake-front": 1, "intake-bulk": 1}
            port = supervisor.settings.port_of("intake")

            async def described() -> bool:
                return await status_of(port, "/openapi.json") == 200

            await until(described)
        finally:
            await supervisor.stop()
        codes = {name: process.child.exit_code for name, process in supervisor.services.items()}
        assert codes == {"intake-front": 0, "intake-bulk": 0}, "drained and ended by themselves"
    started = [line for line in lines if "is ready on port" in line]
    assert started[0].startswith("intake-front"), "bulk starts when the front is ready"
    assert not list((tmp_path / "run").glob("*.json"))


async def test_a_service_that_cannot_start_is_named_with_its_last_words(
    stack: SessionStack, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.stack.supervisor.ENDS_AT_START_MAX", 1)
    wrong = traits(settings) | {"VAULT_MASTER_KEY": "too-short"}
    async with Stack(given(stack, settings, tmp_path)) as stores:
        supervisor = Supervisor(stores, services=("intake",), auditor=False, environment=wrong)
        with pytest.raises(
            Stop, match=r"intake-front did not become ready: VAULT_MASTER_KEY must be"
        ) as stopped:
            await supervisor.start(READY_SECONDS)
        assert stopped.value.code == Exit.FAILED
        assert not any(process.running for process in supervisor.services.values())
