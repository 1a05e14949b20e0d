"""Schemathesis on all four OpenAPI documents: whatever it sends, no service answers 5xx."""

from __future__ import annotations

import asyncio
import importlib
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

from shared.catalogue.load import Catalogue
from shared.clock import SystemClock
from shared.events.envelope import PRODUCERS
from shared.http.app import make_app
from shared.kernel import stores
from shared.kernel.runtime import Service, build
from shared.policy import Policy
from shared.settings import Settings
from tests.waiting import PATIENCE_SECONDS
from tools.tokens import mint

pytestmark = pytest.mark.connected
EXAMPLES = 8
PROPERTY = "tower"


@pytest.mark.parametrize("name", PRODUCERS)
async def test_whatever_is_sent_is_never_answered_5xx(
    name: str, settings: Settings, seed: int, tmp_path: Path
) -> None:
    service: Service = importlib.import_module(f"services.{name}.app").service
    runtime = build(service.wiring, "front", settings, SystemClock(), Catalogue.shipped())
    await stores.prepare(runtime.client, runtime.db, service.wiring, settings, runtime.catalogue)
    runtime.committer.start()
    port = settings.port_of(name)
    config = uvicorn.Config(make_app(runtime, service.routers), port=port, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    try:
        code, output = await _schemathesis(port, _token(settings), seed, tmp_path)
    finally:
        server.should_exit = True
        await serving
        await runtime.committer.stop(5)
        await runtime.client.close()
    assert code == 0, output
    assert "Server error" not in output


def _token(settings: Settings) -> str:
    until = SystemClock().now() + timedelta(hours=1)
    return mint(settings, "fuzz", [(f"property:{PROPERTY}", role) for role in Policy.shipped().roles], until)


async def _schemathesis(port: int, token: str, seed: int, folder: Path) -> tuple[int, str]:
    configuration = folder / "schemathesis.toml"
    configuration.write_text(f'[parameters]\n"path.property_id" = "{PROPERTY}"\n')
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={configuration}",
        "run",
        f"http://127.0.0.1:{port}/openapi.json",
        f"--header=Authorization: Bearer {token}",
        "--checks=not_a_server_error",
        "--phases=examples,fuzzing",
        f"--max-examples={EXAMPLES}",
        f"--seed={seed % 2**32}",
        "--generation-database=:memory:",
        f"--request-timeout={PATIENCE_SECONDS}",
        "--suppress-health-check=too_slow",
        "--no-color",
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
