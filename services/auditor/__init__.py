"""The deadline auditor.

A process of its own that looks for what should have been told and was not (guarantee 10), in every service.

It knows only deadlines. It has its own connection, its own heartbeat, and its own ways out (mail, webhook,
metric, log, exit code): neither the broker nor the outbox nor any timer has to work for it to be heard.
What is a deadline, and which mark shows that it was kept or told, each service says in its `audit.py`.
`python -m services.auditor --once` looks once and exits with 0 (nothing), 1 (something) or 3 (a store cannot
be read).
"""

from services.auditor.process import main

__all__ = ["main"]
