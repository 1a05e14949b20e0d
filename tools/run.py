"""Runs the platform on this machine until Ctrl-C.

Alone (`guanjia up`), or with the demonstration (`make run`).

The first Ctrl-C begins a clean stop: stream and view first, then the services, which finish what they
accepted, then mailbox, broker and database. Data stays; the next start goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Literal

from shared.settings import settings
from tools.exits import Exit, Stop
from tools.gateway.server import gateway
from tools.stack.layout import default_data_folder
from tools.stack.machine import running_settings
from tools.stack.ports import require_free
from tools.stack.processes import require_ports
from tools.stack.stack import Stack, StackOptions
from tools.stack.supervisor import Supervisor
from tools.together import together

BrokerName = Literal["embedded", "apache"]
GATEWAY_PORT, GATEWAY_PORT_VARIABLE = 8090, "GATEWAY_PORT"


@asynccontextmanager
async def platform(broker: BrokerName) -> AsyncIterator[Supervisor]:
    """Database, broker, mailbox and gateway, services and auditor, all ready; stopped in reverse order."""
    options = StackOptions.from_environment(broker=broker)
    if running_settings() is not None:
        raise Stop(Exit.DATA_FOLDER, f"it runs already, on the data folder {default_data_folder()}")
    require_ports(settings().base_port)
    async with (
        Stack(options, _say) as stack,
        _outside(stack) as addresses,
    ):
        base_port = settings().base_port
        async with Supervisor(stack, base_port=base_port, environment=addresses, report=_say) as supervisor:
            yield supervisor


@asynccontextmanager
async def _outside(stack: Stack) -> AsyncIterator[dict[str, str]]:
    """The local mailbox and gateway, unless real ones are given; what the services must know of them."""
    if os.environ.get("GATEWAY_URL") or os.environ.get("SMTP_HOST"):
        yield {}
        return
    http_port, smtp_port = _gateway_port(), settings().smtp_port
    require_free(http_port, "the text-message gateway", GATEWAY_PORT_VARIABLE)
    require_free(smtp_port, "the mailbox", "SMTP_PORT")
    secret = stack.settings().gateway_secret.get_secret_value()
    folder = stack.layout.data / "gateway"
    async with gateway(secret, folder, smtp_port=smtp_port, http_port=http_port) as running:
        _say(f"mail and text messages of this machine: {running.url}")
        yield {"GATEWAY_URL": running.url, "SMTP_PORT": str(running.smtp_port)}


def _gateway_port() -> int:
    text = os.environ.get(GATEWAY_PORT_VARIABLE, "") or str(GATEWAY_PORT)
    if not text.isdecimal() or not 0 < int(text) <= 65_535:
        raise Stop(Exit.USAGE, f"{GATEWAY_PORT_VARIABLE}={text} is not a port")
    return int(text)


async def keep_up(broker: BrokerName) -> None:
    """The platform, until Ctrl-C."""
    await _until_told(_keep_up(broker))


async def run_demonstration(broker: BrokerName, *, rate_per_minute: float, seconds: float) -> None:
    """The platform with the demonstration group, a stream of calls and the live view.

    `seconds` 0 is until Ctrl-C.
    """
    await _until_told(_run_demonstration(broker, rate_per_minute, seconds))


async def _keep_up(broker: BrokerName) -> None:
    async with platform(broker) as supervisor:
        _say(f"Guanjia is up: http://127.0.0.1:{supervisor.base_port}/docs; Ctrl-C stops it")
        await supervisor.run(asyncio.Event())


async def _run_demonstration(broker: BrokerName, rate_per_minute: float, seconds: float) -> None:
    from tools.demo.group import demonstration_group
    from tools.demo.load import load_group
    from tools.demo.stream import Stream
    from tools.session import running_machine
    from tools.view.watch import watch

    group = demonstration_group()
    async with platform(broker) as supervisor:
        here = running_machine()
        await load_group(here, group, _say)
        stream = Stream(here, group, rate_per_minute)
        async with together() as tasks:
            work = [
                tasks.create_task(supervisor.run(asyncio.Event())),
                tasks.create_task(stream.run()),
                tasks.create_task(watch(here, group, stream.ended)),
            ]
            if seconds:
                await asyncio.sleep(seconds)
                for task in work:
                    task.cancel()


async def _until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run the work; SIGINT or SIGTERM cancels it once, so that everything is left in order."""
    task = asyncio.create_task(work)
    told = False

    def tell() -> None:
        nonlocal told
        if not told:
            told = True
            _say("stopping; what was accepted is being finished")
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
