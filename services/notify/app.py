"""The notify service, put together: catalogue, wordings and settings -> handlers -> wiring; its loops."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import get_args

from services.notify import consumers, repository
from services.notify.api import router
from services.notify.audit import AUDIT
from services.notify.handlers import Handlers
from services.notify.loops import Retention, Senders, rules
from services.notify.words import ShippedWords
from shared.catalogue.load import Catalogue
from shared.catalogue.wordings import Wordings
from shared.kernel.runtime import Service, run
from shared.kernel.unit import Wiring
from shared.settings import Role, Settings, settings


def wiring(read_settings: Callable[[], Settings]) -> Wiring:
    """The message flow of the service; settings are read when the first unit runs."""
    words = ShippedWords(Wordings.shipped())
    handlers = Handlers(Catalogue.shipped(), words, cache(lambda: rules(read_settings())))
    return Wiring(
        service="notify",
        reads=("intake", "dispatch", "billing"),
        kinds=repository.KINDS,
        commands=consumers.commands(handlers),
        events=consumers.events(handlers),
        indexes=repository.INDEXES,
        timers=AUDIT.commands,
    )


WIRING = wiring(settings)
service = Service(wiring=WIRING, routers=(router,), loops=(Senders, Retention))


def main() -> None:
    """Run `front` or `bulk`."""
    role = sys.argv[1] if len(sys.argv) > 1 else ""
    if role not in get_args(Role):
        raise SystemExit("which process: front or bulk")
    run(service, "front" if role == "front" else "bulk")


if __name__ == "__main__":
    main()
