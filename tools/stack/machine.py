"""Finds the platform that runs on this machine, for commands that talk to it."""

from __future__ import annotations

from pathlib import Path

from shared.settings import Settings
from tools.stack.child import start_ticks
from tools.stack.keys import machine_keys
from tools.stack.layout import STACK_FILE, Layout, default_data_folder
from tools.stack.stack import settings_of


def running_settings(data: Path | None = None) -> Settings | None:
    """The settings (addresses, prefixes, secrets) of what runs in this data folder; None when nothing does.

    The services need not be up yet; the supervisor is.
    """
    layout = Layout(data or default_data_folder())
    content = layout.read_run(STACK_FILE)
    match content:
        case {"supervisor_pid": int(pid), "settings": {**variables}} if start_ticks(pid):
            return settings_of({str(n): str(v) for n, v in variables.items()} | machine_keys(layout))
    return None
