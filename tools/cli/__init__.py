"""The `guanjia` command. `app` is the console script; commands import what they need only when they run."""

from tools.cli.main import app

__all__ = ["app"]
