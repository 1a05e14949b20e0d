"""Every timer of every service is audited, or named with the reason why not (guarantee 10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.auditor.rounds import AUDITS
from services.billing.app import WIRING as BILLING
from services.dispatch.app import WIRING as DISPATCH
from services.intake.app import WIRING as INTAKE
from services.notify.app import WIRING as NOTIFY
from shared.audit import Audit
from shared.kernel.unit import Wiring
from shared.policy import Policy

CONNECTED = Path(__file__).resolve().parents[1] / "connected"
WIRINGS = {wiring.service: wiring for wiring in (INTAKE, DISPATCH, BILLING, NOTIFY)}


def test_every_service_is_audited() -> None:
    assert [audit.service for audit in AUDITS] == list(WIRINGS)


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.service)
def test_every_command_that_nobody_may_send_is_in_the_table(audit: Audit) -> None:
    """What no role may send is sent by a timer or a loop; the kernel starts no timer for another command."""
    wiring: Wiring = WIRINGS[audit.service]
    roles = Policy.shipped().actions
    ours = {command.NAME for command in wiring.commands if not roles[command.NAME]}
    assert audit.commands == wiring.timers == ours


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: audit.service)
def test_what_is_not_audited_has_a_reason_and_nothing_is_both(audit: Audit) -> None:
    assert not audit.audited.keys() & audit.unaudited.keys()
    assert all(audit.audited.values())
    assert all(len(reason) > 40 for reason in audit.unaudited.values())


def test_every_finding_is_brought_about_in_a_test_on_real_stores() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in CONNECTED.glob("test_*.py"))
    kinds = {kind for audit in AUDITS for found in audit.audited.values() for kind in found}
    assert {kind for kind in kinds if f'"{kind}"' not in tests} == set()
