"""Composition root of billing: `service` is what a process of it runs."""

from __future__ import annotations

from services.billing.api import ROUTERS
from services.billing.audit import AUDIT
from services.billing.consumers import READS, commands, events
from services.billing.handlers.common import Kit
from services.billing.repository import INDEXES, KINDS
from shared.catalogue.load import Catalogue
from shared.kernel.runtime import Service
from shared.kernel.unit import Wiring
from shared.policy import Policy

KIT = Kit(Catalogue.shipped(), Policy.shipped())
WIRING = Wiring(
    service="billing",
    reads=READS,
    kinds=KINDS,
    commands=commands(KIT),
    events=events(KIT),
    indexes=INDEXES,
    timers=AUDIT.commands,
)
service = Service(wiring=WIRING, routers=ROUTERS)
