"""Apache Kafka on one machine: KRaft, one node, fetched by Maven coordinates, run by an installed Java."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path
from string import Template

from tools.exits import Exit, Stop
from tools.stack.broker import APACHE, Broker
from tools.stack.child import Child
from tools.stack.layout import Layout
from tools.stack.ports import free_port, require_free
from tools.stack.server import clean_environment, failed, until_ready

FILES = Path(__file__).with_name("apache_kafka")
JAVA_MAJOR_MIN = 17
HEAP_MIB = 768
START_SECONDS = 120.0
FETCH_SECONDS = 600
_POM = FILES / "pom.xml"
_VERSION = re.compile(r"<artifactId>kafka_2\.13</artifactId>\s*<version>([^<]+)</version>")


class Kafka(Broker):
    """`port` 0 takes a free one at the first start and keeps it; so does the controller's."""

    traits = APACHE
    stop_seconds = 30.0

    def __init__(self, layout: Layout, port: int = 0, heap_mib: int = HEAP_MIB) -> None:
        super().__init__(Child("broker", layout, port=port))
        self._layout = layout
        self._folder = layout.data / "kafka"
        self._heap_mib = heap_mib
        self._controller_port = 0

    async def start(self) -> None:
        """Fetch what is missing, format the folder at the first start, start, wait until it answers."""
        java = find_java()
        libraries = await asyncio.to_thread(fetch_kafka, self._layout)
        self.child.port = self.child.port or free_port()
        self._controller_port = self._controller_port or free_port()
        require_free(self.child.port, "Kafka broker", "KAFKA_PORT")
        properties = self._write_properties()
        if not (self._folder / "meta.properties").exists():
            await asyncio.to_thread(self._format, java, libraries, properties)
        command = self._java(java, libraries, self._heap_mib)
        self.child.spawn([*command, "kafka.Kafka", str(properties)], clean_environment())
        await until_ready(self, self.ready, START_SECONDS, self._diagnosis)

    def _java(self, java: Path, libraries: Path, heap_mib: int) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={FILES / 'log4j2.properties'}"
        return [str(java), f"-Xmx{heap_mib}m", "-XX:+UseG1GC", logging, "-cp", f"{libraries}/*"]

    def _write_properties(self) -> Path:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Stop(
                Exit.DATA_FOLDER, f"the data folder {self._folder} cannot be used: {error.strerror}"
            ) from error
        values = {
            "port": self.child.port,
            "controller_port": self._controller_port,
            "folder": self._folder.resolve(),
        }
        path = self._layout.run / "kafka.properties"
        path.write_text(Template((FILES / "server.properties").read_text()).substitute(values))
        return path

    def _format(self, java: Path, libraries: Path, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = self._java(java, libraries, 256)
        # with "=", since one id in 64 begins like an option
        command += ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties)]
        done = subprocess.run(
            command,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        if done.returncode:
            why = (done.stdout + done.stderr).strip().splitlines()[-1:]
            raise Stop(Exit.DATA_FOLDER, f"Kafka cannot use {self._folder}: {''.join(why)}")

    def _diagnosis(self) -> Stop:
        text = "\n".join(self.child.log.tail(200))
        if "Address already in use" in text:
            return Stop(Exit.PORT_IN_USE, f"port {self.child.port} (Kafka broker) is in use")
        if "meta.properties" in text or "Corrupt" in text:
            line = f"Kafka cannot use its data in {self._folder}; the log is {self.child.log.path}"
            return Stop(Exit.DATA_FOLDER, line)
        return failed(self, "did not start")


def version() -> str:
    """The version named in the project's pom.xml."""
    found = _VERSION.search(_POM.read_text())
    assert found, "pom.xml names no version of kafka_2.13"
    return found[1]


def find_java() -> Path:
    """Raises Stop (platform) with one line when there is no Java or it is too old."""
    home = os.environ.get("JAVA_HOME", "")
    candidate = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if not candidate:
        raise Stop(Exit.PLATFORM, f"Apache Kafka needs Java {JAVA_MAJOR_MIN} or newer; none was found")
    done = subprocess.run(
        [candidate, "-version"], capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    found = re.search(r'version "(\d+)', done.stderr)
    if not found or int(found[1]) < JAVA_MAJOR_MIN:
        raise Stop(Exit.PLATFORM, f"Apache Kafka needs Java {JAVA_MAJOR_MIN} or newer; {candidate} is older")
    return Path(candidate)


def fetch_kafka(layout: Layout) -> Path:
    """The folder with Kafka's jars, fetched once with Maven. Raises Stop (platform) when that fails."""
    folder = layout.cache / "kafka" / version()
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if not maven:
        raise Stop(Exit.PLATFORM, "Apache Kafka is fetched with Maven; mvn was not found")
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    command = [maven, "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    command.append(f"-DoutputDirectory={part.resolve()}")
    environment = clean_environment() | {
        name: os.environ[name] for name in ("MAVEN_OPTS", "MAVEN_ARGS") if name in os.environ
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
    )
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        lines = [line for line in done.stdout.splitlines() if "ERROR" in line]
        why = re.sub(r"\x1b\[\d*m", "", lines[0]) if lines else f"mvn ended with {done.returncode}"
        raise Stop(Exit.PLATFORM, f"Apache Kafka {version()} could not be fetched: {why[:300]}")
    try:
        part.rename(folder)
    except OSError:  # somebody else was quicker
        shutil.rmtree(part, ignore_errors=True)
    return folder
