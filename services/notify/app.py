"""Composition root of notify: `service` is what a process of it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from services.notify import consumers, repository
from services.notify.api import ROUTERS
from services.notify.audit import AUDIT
from services.notify.handlers import Handlers
from services.notify.loops import Retention, Senders, rules
from services.notify.words import ShippedWords
from shared.catalogue.load import Catalogue
from shared.catalogue.wordings import Wordings
from shared.kernel.runtime import Service
from shared.kernel.unit import Wiring
from shared.settings import Settings, settings


def wiring(read_settings: Callable[[], Settings]) -> Wiring:
    """The message flow of the service; settings are read when the first unit runs."""
    words = ShippedWords(Wordings.shipped())
    handlers = Handlers(Catalogue.shipped(), words, cache(lambda: rules(read_settings())))
    return Wiring(
        service="notify",
        reads=consumers.READS,
        kinds=repository.KINDS,
        commands=consumers.commands(handlers),
        events=consumers.events(handlers),
        indexes=repository.INDEXES,
        timers=AUDIT.commands,
    )


WIRING = wiring(settings)
service = Service(wiring=WIRING, routers=ROUTERS, loops=(Senders, Retention))
