"""The stack on this machine: it starts, holds transactions and records, says in one line what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pymongo
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from shared.settings import Settings
from tests.stack import SessionStack
from tests.waiting import PATIENCE_SECONDS, until
from tools.exits import Exit, Stop
from tools.stack.child import start_ticks
from tools.stack.layout import Layout
from tools.stack.logfile import LogFile
from tools.stack.machine import running_settings
from tools.stack.mongod import Mongod
from tools.stack.ports import HOST, free_port
from tools.stack.recycle import BatchCounter
from tools.stack.stack import Stack, StackOptions
from tools.stack.supervisor import Supervisor
from tools.stack.tansu import Tansu

pytestmark = pytest.mark.connected


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack of this test alone."""
    async with Stack(StackOptions(data=tmp_path / "var", mongodb_cache_gib=0.25)) as stack:
        yield stack


async def test_session_mongodb_commits_and_aborts_transactions(settings: Settings) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(settings.mongodb_url)
    async with client:
        things = client[settings.database("stack")]["things"]
        await things.insert_one({"_id": "before"})
        async with client.start_session() as session:
            async with await session.start_transaction():
                await things.insert_one({"_id": "kept"}, session=session)
            with contextlib.suppress(ZeroDivisionError):
                async with await session.start_transaction():
                    await things.insert_one({"_id": "lost"}, session=session)
                    raise ZeroDivisionError
        assert [row["_id"] async for row in things.find().sort("_id")] == ["before", "kept"]
        lifetime = await client.admin.command({"getParameter": 1, "transactionLifetimeLimitSeconds": 1})
        assert lifetime["transactionLifetimeLimitSeconds"] <= settings.transaction_lifetime_seconds_max


async def test_session_broker_gives_back_what_it_took(settings: Settings) -> None:
    topic = f"{settings.topic_prefix}things"
    await _create(settings.kafka_bootstrap_servers, topic)
    sent = [str(number).encode() for number in range(50)]
    await _produce(settings.kafka_bootstrap_servers, topic, sent, idempotent=settings.enable_idempotence)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers, auto_offset_reset="earliest"
    )
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        received: list[bytes | None] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(received) < len(sent):
                received.append((await consumer.getone()).value)
    assert received == sent


async def test_data_survives_and_the_port_may_change(tmp_path: Path) -> None:
    options = StackOptions(data=tmp_path, mongodb_cache_gib=0.25)
    for expected in (0, 1):
        async with Stack(options) as stack:
            with pymongo.MongoClient[dict[str, object]](stack.mongodb_url) as client:
                assert client["kept"]["things"].count_documents({}) == expected
                client["kept"]["things"].insert_one({})
    assert not list((tmp_path / "run").glob("*.json"))


async def test_a_killed_store_comes_back_on_its_port(own: Stack) -> None:
    supervisor = Supervisor(own, services=(), auditor=False)
    async with supervisor:
        ports = {name: server.child.port for name, server in supervisor.processes.items()}
        for name, server in supervisor.processes.items():
            killed = supervisor.kill(name)
            await until(lambda server=server, killed=killed: server.running and server.pid != killed)  # type: ignore[misc]
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(own.mongodb_url)
        async with client:
            await client["kept"]["things"].insert_one({})
        assert own.broker is not None
        assert await own.broker.ready()
        assert {name: server.child.port for name, server in supervisor.processes.items()} == ports
        assert supervisor.ends() == {"mongod": 1, "broker": 1}


async def test_a_held_store_stays_down(own: Stack) -> None:
    async with Supervisor(own, services=(), auditor=False) as supervisor:
        await supervisor.hold("broker")
        await asyncio.sleep(0.5)  # long enough for the supervisor to look several times
        assert not supervisor.processes["broker"].running
        await supervisor.release("broker")
        assert supervisor.processes["broker"].running


async def test_a_full_broker_is_recycled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.stack.supervisor.BROKER_EVERY_SECONDS", 0.2)
    options = StackOptions(data=tmp_path, mongodb_cache_gib=0.25)
    lines: list[str] = []
    async with Stack(options) as stack:
        assert isinstance(stack.broker, Tansu)
        limited = Supervisor(
            stack, services=(), auditor=False, environment={"BROKER_BATCHES_MAX": "100"}, report=lines.append
        )
        async with limited:
            pid = stack.broker.pid
            await _create(stack.kafka_bootstrap_servers, "things")
            await _produce(stack.kafka_bootstrap_servers, "things", [b"x"] * 90, batches=True)
            assert await BatchCounter(stack.kafka_bootstrap_servers).most(10) == 90
            await asyncio.sleep(0.5)
            assert stack.broker.pid == pid
            sending = asyncio.create_task(
                _produce(stack.kafka_bootstrap_servers, "things", [b"x"] * 20, batches=True)
            )
            await until(lambda: stack.broker is not None and stack.broker.pid != pid and stack.broker.running)
            sending.cancel()  # the broker may have been recycled under its hands
            await asyncio.gather(sending, return_exceptions=True)
    counts = [int(found[1]) for line in lines if (found := re.search(r"full \((\d+) batches", line))]
    assert counts
    assert 100 < counts[0] <= 110


async def test_batches_are_counted_by_their_headers_not_by_offsets(own: Stack) -> None:
    await _create(own.kafka_bootstrap_servers, "things")
    counter = BatchCounter(own.kafka_bootstrap_servers)
    for rounds in (1, 2):
        for _ in range(20):
            await _produce(own.kafka_bootstrap_servers, "things", [b"x"] * 10)
        assert await counter.most(1) == 20 * rounds
    assert await counter.most(10_000) == 40


@pytest.mark.parametrize("which", ["MONGODB_PORT", "KAFKA_PORT"])
async def test_a_port_in_use_is_one_line(tmp_path: Path, which: str) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"MONGODB_PORT": free_port(), "KAFKA_PORT": free_port()} | {which: port}
        options = StackOptions(
            data=tmp_path, mongodb_port=ports["MONGODB_PORT"], kafka_port=ports["KAFKA_PORT"]
        )
        with pytest.raises(Stop, match=f"port {port} .* is in use.*{which}") as stopped:
            await Stack(options).start()
    assert stopped.value.code == Exit.PORT_IN_USE
    assert not list((tmp_path / "run").glob("*.json")), "what had started must be stopped again"


async def test_a_broken_data_folder_is_one_line(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    mongod = Mongod(layout, cache_gib=0.25)
    await mongod.start()
    await mongod.stop()
    for path in (layout.data / "mongod").glob("WiredTiger*"):
        path.write_bytes(b"not what it was")
    with pytest.raises(Stop, match="MongoDB cannot use its data in") as stopped:
        await mongod.start()
    assert stopped.value.code == Exit.DATA_FOLDER
    assert "\n" not in stopped.value.line


async def test_a_data_folder_has_one_owner(own: Stack) -> None:
    with pytest.raises(Stop, match=f"in use by process {os.getpid()}") as stopped:
        await Stack(own.options).start()
    assert stopped.value.code == Exit.DATA_FOLDER
    assert own.mongod is not None
    assert own.mongod.running, "the owner is not disturbed"


async def test_given_addresses_are_used(stack: SessionStack, tmp_path: Path) -> None:
    options = StackOptions(
        data=tmp_path,
        broker="given",
        mongodb_url=stack.mongodb_url,
        kafka_bootstrap_servers=stack.kafka_bootstrap_servers,
    )
    async with Stack(options) as given:
        assert given.servers == []
        assert given.environment()["MONGODB_URL"] == stack.mongodb_url
    nobody = f"{HOST}:{free_port()}"
    wrong = StackOptions(
        data=tmp_path, broker="given", mongodb_url=stack.mongodb_url, kafka_bootstrap_servers=nobody
    )
    with pytest.raises(Stop, match=f"KAFKA_BOOTSTRAP_SERVERS={nobody} does not answer") as stopped:
        await Stack(wrong).start()
    assert stopped.value.code == Exit.FAILED


async def test_the_settings_of_a_running_machine_can_be_read(own: Stack) -> None:
    data = own.options.data
    assert running_settings(data) is None
    async with Supervisor(own, services=(), auditor=False) as supervisor:
        await supervisor.restart("broker")
        found = running_settings(data)
        assert found == supervisor.settings
        assert found.jwt_secret.get_secret_value()
        status = (data / "run" / "stack.json").read_text()
        assert found.jwt_secret.get_secret_value() not in status
        assert found.vault_master_key.get_secret_value() not in status


OUTLIVED = """
import asyncio, sys
from pathlib import Path
from tools.stack.stack import Stack, StackOptions
async def main():
    stack = Stack(StackOptions(data=Path(sys.argv[1]), mongodb_cache_gib=0.25))
    await stack.start()
    print(*(server.pid for server in stack.servers), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OUTLIVED, str(tmp_path)]
    parent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert parent.stdout is not None
        line = (await parent.stdout.readline()).decode()
        pids = {int(word): start_ticks(int(word)) for word in line.split()}
        assert len(pids) == 2
        assert all(pids.values())
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: all(start_ticks(pid) != ticks for pid, ticks in pids.items()))
    async with Stack(StackOptions(data=tmp_path, mongodb_cache_gib=0.25)):
        pass  # the folder can be used again, lock and all


async def _create(bootstrap_servers: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def _produce(
    bootstrap_servers: str,
    topic: str,
    values: list[bytes],
    *,
    batches: bool = False,
    idempotent: bool = False,
) -> None:
    """One record a batch if `batches`, else as few batches as possible."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        enable_idempotence=idempotent,
        linger_ms=0 if batches else 50,
    )
    async with producer:
        if batches:
            for value in values:
                await producer.send_and_wait(topic, value, partition=0)
            return
        futures = [await producer.send(topic, value, partition=0) for value in values]
        await asyncio.gather(*futures)


async def test_a_look_that_fails_does_not_end_the_looking(
    own: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.stack.supervisor.LOGS_EVERY_SECONDS", 0.05)
    lines: list[str] = []
    looks = 0

    def full(_: LogFile) -> None:
        nonlocal looks
        looks += 1
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LogFile, "rotate_if_large", full)
    async with Supervisor(own, services=(), auditor=False, report=lines.append):
        await until(lambda: looks > 3)
    [said] = [line for line in lines if "the logs" in line]
    assert "No space left" in said
