"""Fetches Apache Kafka before it is needed: `python -m tools.stack.fetch`."""

from __future__ import annotations

import sys

from tools.exits import Stop
from tools.stack.kafka import fetch_kafka, find_java, version
from tools.stack.layout import Layout, default_data_folder


def main() -> int:
    """0 when Kafka and a Java to run it are there; else one line and the exit code."""
    try:
        find_java()
        folder = fetch_kafka(Layout(default_data_folder()))
    except Stop as stop:
        sys.stderr.write(f"{stop.line}\n")
        return int(stop.code)
    sys.stdout.write(f"Apache Kafka {version()} is in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
