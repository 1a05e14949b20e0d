"""Mail, against a real SMTP server on loopback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.notify.channels.base import Outgoing
from services.notify.channels.smtp import MailServer, SmtpChannel
from shared.clock import SystemClock
from shared.ids import derived_id
from tests.unit.notify.conftest import LATE
from tests.waiting import PATIENCE_SECONDS
from tools.gateway.faults import Fault
from tools.gateway.server import Running


def outgoing(n: int = 0, address: str = "wang@example.org") -> Outgoing:
    return Outgoing(derived_id("m", n), address, "zh", "新工单 20-1", f"您好 {n}\n第二行")


def rows(running: Running) -> list[tuple[str, bool]]:
    return [(row["message_id"], row["repeated"]) for row in running.mail_receipts.rows()]


async def test_a_mail_arrives_with_a_stable_message_id(servers: Running, mail: SmtpChannel) -> None:
    [result] = await mail.deliver([outgoing()])
    assert result.outcome == "accepted"
    assert rows(servers) == [(f"<{outgoing().key}@example.org>", False)]
    [shown] = servers.mailbox.newest(1)
    assert (shown["to"], shown["subject"], shown["text"]) == (
        "wang@example.org",
        "新工单 20-1",
        "您好 0\n第二行",
    )


async def test_connections_are_used_again_and_replaced_when_stale(
    servers: Running, mail: SmtpChannel
) -> None:
    await mail.deliver([outgoing(0), outgoing(1)])
    [kept] = mail._idle
    await mail.deliver([outgoing(2)])
    assert mail._idle == [kept]
    kept.close()
    [result] = await mail.deliver([outgoing(3)])
    assert result.outcome == "accepted"
    assert len(rows(servers)) == 4


async def test_an_answer_that_never_came_is_unknown(servers: Running, mail: SmtpChannel) -> None:
    servers.mail_faults.plan(Fault("answer_lost"))
    [lost] = await mail.deliver([outgoing()])
    assert (lost.outcome, lost.reason) == ("unknown", "answer_lost")
    [again] = await mail.deliver([replace(outgoing(), repeated=True)])
    assert again.outcome == "accepted"
    assert rows(servers) == [
        (f"<{outgoing().key}@example.org>", False),
        (f"<{outgoing().key}@example.org>", True),
    ]
    assert servers.mailbox.newest(1)[0]["subject"] == "【重复】新工单 20-1"


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        (Fault("error"), "failed", "smtp_451"),
        (Fault("reject"), "rejected", "smtp_550"),
        (Fault("drop"), "unknown", "answer_lost"),
        (LATE, "unknown", "answer_lost"),
    ],
)
async def test_faults_and_what_they_mean(
    servers: Running, mail: SmtpChannel, fault: Fault, outcome: str, reason: str
) -> None:
    servers.mail_faults.plan(fault)
    first, second = await mail.deliver([outgoing(0), outgoing(1)])
    assert (first.outcome, first.reason) == (outcome, reason)
    assert second.outcome == "accepted"


@pytest.mark.parametrize("address", ["nobody", "a@b\r\nRCPT TO:<c@d>", "", "名字@example.org\n"])
async def test_an_address_that_is_none_is_rejected(servers: Running, mail: SmtpChannel, address: str) -> None:
    bad, good = await mail.deliver([outgoing(0, address), outgoing(1)])
    assert bad.outcome == "rejected"
    assert good.outcome == "accepted"
    assert len(rows(servers)) == 1


async def test_nobody_listens(unused_port: int) -> None:
    channel = SmtpChannel(
        MailServer("127.0.0.1", unused_port, "g@example.org", timeout_seconds=PATIENCE_SECONDS), SystemClock()
    )
    [result] = await channel.deliver([outgoing()])
    await channel.close()
    assert (result.outcome, result.reason) == ("failed", "connection")
