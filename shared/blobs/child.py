"""The process that looks into one file: `python -m shared.blobs.child`, with bounded time and memory.

Standard input: one line of JSON (the rules), then the file. Standard output: one line of JSON (what it is, or
why it is refused), then the cleaned file.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from shared.blobs.content import Rules, Unfit, clean
from shared.texts.packed import packed

MIB = 1024 * 1024
_OOM = Path("/proc/self/oom_score_adj")
NICE = 10


def bound(memory_mib: int, seconds: int) -> None:
    """From here on this process cannot take more; it yields to everybody else."""
    os.nice(NICE)
    with contextlib.suppress(OSError):  # where memory runs out, this process goes, not the one that asked
        _OOM.write_text("1000")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_mib * MIB, memory_mib * MIB))


def main() -> None:
    """Look into the file on standard input."""
    asked = json.loads(sys.stdin.buffer.readline())
    bound(int(asked["memory_mib"]), int(asked["seconds"]))
    data = sys.stdin.buffer.read()
    rules = Rules(tuple(asked["media_types"]), int(asked["pixels_max"]), int(asked["pages_max"]))
    out = sys.stdout.buffer
    try:
        cleaned = clean(data, rules)
    except Unfit as error:
        refused = {
            "kind": error.kind,
            "detail": packed(error.detail),
            "accepted": packed(error.accepted),
        }
        out.write(json.dumps({"refused": refused}).encode() + b"\n")
        return
    found = asdict(cleaned)
    del found["data"]
    out.write(json.dumps({"found": found}).encode() + b"\n")
    out.write(cleaned.data)


if __name__ == "__main__":
    main()
