"""The entry of every platform process: `python -m tools.stack.serve SERVICE front|bulk`, or `... auditor`."""

from __future__ import annotations

import importlib
import sys

from shared.events.envelope import PRODUCERS

USAGE = f"usage: python -m tools.stack.serve {{{'|'.join(PRODUCERS)}}} {{front|bulk}} | auditor"


def main(arguments: list[str]) -> None:
    """Import only what this process runs, and run it until it is told to stop."""
    match arguments:
        case ["auditor"]:
            sys.exit(importlib.import_module("services.auditor").main())
        case [service, ("front" | "bulk") as role] if service in PRODUCERS:
            from shared.kernel.runtime import run

            run(importlib.import_module(f"services.{service}.app").service, role)
        case _:
            sys.exit(USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
