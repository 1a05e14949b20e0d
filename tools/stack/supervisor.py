"""Keeps every process of one machine running: starts them in order, restarts what ends, stops in reverse.

Used by `guanjia up`, by the tests, by the benchmark, and by chaos, which kills through it. Watched are:
processes that end or no longer answer, the auditor's heartbeat, how full the embedded broker is, and the
size of the logs.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

from aiokafka.errors import KafkaError

from shared.events.envelope import PRODUCERS
from shared.settings import Settings
from tools.exits import Exit, Stop
from tools.stack.health import Patient
from tools.stack.layout import STACK_FILE
from tools.stack.ports import free_block
from tools.stack.processes import AUDITOR, ServiceProcess, plan, port_offsets
from tools.stack.recycle import RESIDENT_MIB_MAX, BatchCounter, resident_mib
from tools.stack.restarts import Restarts
from tools.stack.server import Server
from tools.stack.stack import Report, Stack, settings_of, silent
from tools.stack.tansu import Tansu

READY_SECONDS = 180.0  # on a busy machine; one that ends again and again is given up sooner
POLL_SECONDS = 0.1
HEALTH_EVERY_SECONDS = 2.0
BROKER_EVERY_SECONDS = 5.0
LOGS_EVERY_SECONDS = 5.0
ENDS_AT_START_MAX = 3


class Supervisor:
    """Everything above a started `Stack`. `base_port` 0 takes free ports; `environment` is for all services.

    `processes` has every process by name (`intake-front`, `billing-bulk`, `auditor`, `mongod`, `broker`).
    """

    def __init__(
        self,
        stack: Stack,
        *,
        base_port: int = 0,
        services: Sequence[str] = PRODUCERS,
        auditor: bool = True,
        environment: Mapping[str, str] | None = None,
        report: Report = silent,
    ) -> None:
        self.stack = stack
        self.base_port = base_port or free_block(port_offsets(services))
        self._extra = dict(environment or {})
        self._report = report
        self._fronts, self._bulk = plan(
            stack.layout, settings_of(self._environment()), services, auditor=auditor
        )
        self.services: dict[str, ServiceProcess] = {p.name: p for p in [*self._fronts, *self._bulk]}
        self.processes: dict[str, Server] = {s.name: s for s in stack.servers} | dict(self.services)
        self._restarts = Restarts(self.processes, report, self._write_status)
        self._tasks: list[asyncio.Task[None]] = []
        self._patients: dict[str, Patient] = {}
        self._counted: tuple[int, BatchCounter] | None = None  # of which broker process

    @property
    def settings(self) -> Settings:
        """The settings the services run with; clients on this machine use the same."""
        return settings_of(self.stack.environment() | self._environment())

    async def start(self, ready_seconds: float = READY_SECONDS) -> None:
        """Start fronts and auditor, then bulk; wait until all are ready. Raises Stop naming what is not."""
        for process in self.services.values():
            process.connect(self.stack.environment() | self._environment(), self.settings.shutdown_seconds)
        for server in self.stack.servers:
            self._restarts.watch(server.name)
        try:
            self._tasks = [asyncio.create_task(self._restarts.run(), name="restarts")]
            for group in (self._fronts, self._bulk):
                for process in group:
                    await self._restarts.start(process.name)
                await self.wait_ready([p.name for p in group], ready_seconds, ends_max=ENDS_AT_START_MAX)
        except BaseException:
            await self.stop()
            raise
        self._patients = {name: Patient(must_be_ready=name == AUDITOR) for name in self.services}
        watchers = (
            self._watch("the processes", HEALTH_EVERY_SECONDS, self._look_at_health),
            self._watch("the broker", BROKER_EVERY_SECONDS, self._look_at_broker),
            self._watch("the logs", LOGS_EVERY_SECONDS, self._look_at_logs),
        )
        self._tasks += [asyncio.create_task(watcher) for watcher in watchers]

    async def stop(self) -> None:
        """Drain and stop the services, bulk first. The stack is stopped by whoever started it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for group in (self._bulk, self._fronts):
            running = [process.name for process in group if process.running]
            await asyncio.gather(*(process.stop() for process in group))
            if running:
                self._report(f"stopped {', '.join(running)}")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises Stop when the platform cannot go on (a broken data folder)."""
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._restarts.failed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._restarts.failure is not None:
            raise self._restarts.failure

    def kill(self, name: str) -> int:
        """SIGKILL a process, which is then started again. Returns the pid that was killed."""
        process = self.processes[name]
        process.kill()
        return process.pid

    async def hold(self, name: str) -> None:
        """Stop a process cleanly and leave it down until `release`."""
        await self._restarts.release(name)
        await self.processes[name].stop()

    async def release(self, name: str) -> None:
        """Start a process that was held."""
        await self._restarts.start(name)

    async def restart(self, name: str) -> None:
        """Stop a process cleanly and start it again at once."""
        await self.hold(name)
        await self.release(name)

    def ends(self) -> dict[str, int]:
        """How often each process has ended unexpectedly, by kill or by itself."""
        return self._restarts.counts()

    async def wait_ready(
        self, names: Sequence[str] | None = None, seconds: float = READY_SECONDS, ends_max: int | None = None
    ) -> None:
        """Until these service processes (all, if None) are ready. Raises Stop naming those that are not.

        `ends_max`: give up sooner when one of them has ended so often.
        """
        waiting = sorted(self.services if names is None else names)
        until = time.monotonic() + seconds
        while True:
            answers = await asyncio.gather(*(self.services[name].ready() for name in waiting))
            for name, ready in zip(waiting, answers, strict=True):
                if ready:
                    self._report(f"{name} is ready on port {self.services[name].child.port}")
            waiting = [name for name, ready in zip(waiting, answers, strict=True) if not ready]
            if not waiting:
                return
            counts = self.ends()
            hopeless = [name for name in waiting if ends_max is not None and counts[name] >= ends_max]
            if hopeless or time.monotonic() > until:
                raise self._unready(hopeless or waiting)
            await asyncio.sleep(POLL_SECONDS)

    async def _watch(self, what: str, every_seconds: float, look: Callable[[], Awaitable[None]]) -> None:
        """Look for ever. What makes one look fail is told once, and the next one comes all the same."""
        told = ""
        while True:
            try:
                await look()
                told = ""
            except Exception as error:
                line = f"looking after {what} failed: {error if isinstance(error, Stop) else repr(error)}"
                if line != told:
                    self._report(line)
                told = line
            await asyncio.sleep(every_seconds)

    async def _look_at_health(self) -> None:
        await asyncio.gather(*(self._visit(name, patient) for name, patient in self._patients.items()))

    async def _visit(self, name: str, patient: Patient) -> None:
        process = self.services[name]
        ready = await process.ready()
        live = ready or await process.live()
        if not process.running:
            return
        verdict = patient.seen(process.pid, live, ready, time.monotonic())
        if verdict == "stuck":
            self._report(f"{name} no longer works (no answer, or long not ready) and is killed")
            process.kill()
        elif verdict != "well":
            self._report(f"{name} is {verdict}")

    async def _look_at_broker(self) -> None:
        """Recycle the embedded broker before its fetches get slow or its memory large."""
        broker = self.stack.broker
        if not isinstance(broker, Tansu):
            return
        limit = self.settings.broker_batches_max
        if self._counted is None or self._counted[0] != broker.pid:
            self._counted = broker.pid, BatchCounter(broker.bootstrap_servers)
        pid, counter = self._counted
        try:
            batches = await counter.most(limit)
        except (KafkaError, OSError):
            return
        memory = resident_mib(pid)
        if batches > limit or memory > RESIDENT_MIB_MAX:
            self._report(f"the embedded broker is full ({batches} batches, {memory} MiB) and is recycled")
            await self.restart(broker.name)

    async def _look_at_logs(self) -> None:
        for process in self.processes.values():
            process.child.log.rotate_if_large()

    def _environment(self) -> dict[str, str]:
        return {"BASE_PORT": str(self.base_port), **self._extra}

    def _unready(self, names: Sequence[str]) -> Stop:
        log = self.services[names[0]].child.log
        last = [line.strip() for line in log.tail() if line.strip()]
        why = f": {last[-1][:200]}" if last else ""
        return Stop(Exit.FAILED, f"{', '.join(names)} did not become ready{why}; the log is {log.path}")

    def _write_status(self) -> None:
        """What other commands need to find this machine; no secrets, those lie in the secrets folder."""
        counts = self.ends()
        processes: dict[str, Any] = {
            name: {"pid": process.pid, "port": process.child.port, "ends": counts[name]}
            for name, process in self.processes.items()
            if process.running
        }
        variables = self.stack.environment() | self._environment()
        content = {
            "supervisor_pid": os.getpid(),
            "broker": self.stack.options.broker,
            "settings": {n: v for n, v in variables.items() if not n.endswith(("SECRET", "KEY", "PASSWORD"))},
            "processes": processes,
        }
        self.stack.layout.write_run(STACK_FILE, content)
