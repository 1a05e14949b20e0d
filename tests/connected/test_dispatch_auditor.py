"""The auditor finds what nobody was told, and is heard without broker, outbox or timers (guarantee 10)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.auditor.process import Auditor
from services.dispatch.audit import AUDIT
from services.dispatch.slipwatch import SlipWatch
from shared.audit import Audit, Finding, Look
from shared.catalogue.load import Catalogue
from shared.kernel.unit import Parked
from shared.settings import Settings
from tests.connected.dispatch_desk import Desk, open_desk
from tests.waiting import PATIENCE_SECONDS, until
from tools.stack.ports import free_port

pytestmark = pytest.mark.connected


class Mailbox:
    """Keeps what comes in."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(content.decode())
        return "250 OK"


@pytest.fixture
def mailbox(settings: Settings) -> Any:
    """A mail server on loopback; its port is in `port`."""
    port = free_port()
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE_SECONDS)
    controller.start()
    box.port = port  # type: ignore[attr-defined]
    yield box
    controller.stop()


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """A villa estate with one technician."""
    async with open_desk(settings) as made:
        await made.staff("engineering", ("tech-1", "technician"), hours=23)
        yield made


def auditor(desk: Desk, port: int, **changes: Any) -> Auditor:
    """An auditor on the desk's clock, whose mail goes to that port."""
    settings = desk.runtime.settings.model_copy(update={"smtp_port": port, **changes})
    return Auditor(desk.runtime.client, settings, desk.clock, Catalogue.shipped(), [AUDIT])


async def night(desk: Desk) -> None:
    """The slips were looked after (P033)."""
    await SlipWatch(desk.runtime).look()


async def test_all_is_well_then_nothing_is_said(desk: Desk, mailbox: Any) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    await desk.pass_time(hours=18)
    await night(desk)
    watcher = auditor(desk, mailbox.port)
    assert await watcher.round() == []
    assert watcher.ready()
    assert mailbox.mails == []
    beat = await desk.db["auditor"].find_one({"_id": "heartbeat:0"})
    assert beat is not None
    assert beat["beat_at"] == desk.clock.now()


async def test_escalation_that_silently_stopped_is_found_and_raised_not_more_often_than_stated(
    desk: Desk, mailbox: Any
) -> None:
    order_id = await desk.report(urgency="urgent")
    await desk.take("technician", order_id, "collect")
    await desk.db["timers"].delete_many({})  # whatever went wrong: nothing will fire
    desk.clock.advance(timedelta(hours=18, seconds=29))
    await night(desk)
    watcher = auditor(desk, mailbox.port)
    assert await watcher.round() == [], "within the grace"
    desk.clock.advance(timedelta(seconds=2))
    [finding] = await watcher.round()
    assert (finding.kind, finding.subject, finding.slip) == ("not_escalated", order_id, "2026-000001")
    [mail] = mailbox.mails
    assert "2026-000001" in mail
    assert "not_escalated" in mail
    desk.clock.advance(timedelta(minutes=29))
    assert len(await watcher.round()) == 1
    assert len(mailbox.mails) == 1, "at most every 30 minutes about one order"
    desk.clock.advance(timedelta(minutes=2))
    await watcher.round()
    assert len(mailbox.mails) == 2
    other = auditor(desk, mailbox.port)
    await other.round()
    assert len(mailbox.mails) == 2, "a restarted auditor remembers"


async def test_a_late_slip_and_an_unanswered_emergency_that_nobody_was_told(desk: Desk, mailbox: Any) -> None:
    order_id = await desk.report("r1")
    late = {"issued_at": desk.clock.now() + timedelta(minutes=7)}
    await desk.db["work_orders"].update_one({"id": order_id}, {"$set": late})
    await desk.report("r2", urgency="emergency")
    nobody = {"assignee_id": "", "asked_at": None, "escalations": 0}
    await desk.db["work_orders"].update_one({"id": await desk.report("r3")}, {"$set": nobody})
    await desk.db["timers"].delete_many({})
    desk.clock.advance(timedelta(minutes=8))
    found = await auditor(desk, mailbox.port).round()
    assert sorted(f.kind for f in found) == ["nobody_told", "slip_late", "unanswered"]


async def test_a_report_that_is_parked_has_no_slip_and_is_found(desk: Desk, mailbox: Any) -> None:
    cause = desk.cause(desk.accepted(catalogue_version="lost"), "r1")
    [outcome] = await desk.runtime.committer.submit([cause])
    assert isinstance(outcome, Parked)
    desk.clock.advance(timedelta(minutes=5, seconds=31))
    [finding] = await auditor(desk, mailbox.port).round()
    assert (finding.kind, finding.subject) == ("report_without_slip", "r1")


async def test_a_webhook_is_signed_and_one_way_out_is_enough(desk: Desk) -> None:
    from standardwebhooks.webhooks import Webhook

    seen: list[tuple[dict[str, str], bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if line)}
        seen.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alarm"
    await desk.report(urgency="emergency")
    await desk.db["timers"].delete_many({})
    desk.clock.advance(timedelta(hours=2))
    await night(desk)
    watcher = auditor(desk, 1, auditor_webhook_url=url)
    await watcher.round()
    await watcher.round()
    server.close()
    [(headers, body)] = seen
    assert len(orjson.loads(body)["findings"]) == 2
    secret = desk.runtime.settings.gateway_secret.get_secret_value()
    expected = Webhook(secret).sign(headers["webhook-id"], desk.clock.now(), body.decode())
    assert headers["webhook-signature"] == expected


async def test_a_service_that_cannot_be_looked_at_hides_nothing_of_the_others(
    desk: Desk, mailbox: Any
) -> None:
    async def broken(at: Look) -> AsyncGenerator[Finding, None]:
        yield at.finding("before_it_broke", "villa", "s1", at.now)
        raise ValueError

    audits = [Audit("intake", {}, {}, broken), AUDIT]
    settings = desk.runtime.settings.model_copy(update={"smtp_port": mailbox.port})
    watcher = Auditor(desk.runtime.client, settings, desk.clock, Catalogue.shipped(), audits)
    await desk.report(urgency="emergency")
    await desk.db["timers"].delete_many({})
    desk.clock.advance(timedelta(minutes=6))
    await watcher.round()
    assert watcher.unreadable() == ["intake"]
    assert not watcher.ready()
    [mail] = mailbox.mails
    assert all(kind in mail for kind in ("before_it_broke", "unanswered", "audit_failed"))
    await watcher.round()
    assert len(mailbox.mails) == 2, "what the broken one has found is told each round, the rest is not"
    assert "unanswered" not in mailbox.mails[1]


async def test_nobody_reached_means_it_is_tried_again(desk: Desk, mailbox: Any) -> None:
    await desk.report(urgency="emergency")
    await desk.db["timers"].delete_many({})
    desk.clock.advance(timedelta(hours=2))
    await auditor(desk, 1).round()
    assert mailbox.mails == []
    await auditor(desk, mailbox.port).round()
    assert len(mailbox.mails) == 1


async def test_a_store_that_cannot_be_read_is_an_alarm_of_its_own(desk: Desk, mailbox: Any) -> None:
    watcher = auditor(desk, mailbox.port, auditor_every_seconds=0.05)
    await desk.runtime.client.close()
    desk.clock.advance(timedelta(minutes=1))
    stop = asyncio.Event()
    running = asyncio.create_task(watcher.run(stop))
    await until(lambda: bool(mailbox.mails))
    stop.set()
    await running
    assert "store_away" in mailbox.mails[0]
    assert not watcher.ready()


def environment(desk: Desk, port: int) -> dict[str, str]:
    """The variables of an auditor process."""
    settings = desk.runtime.settings
    return {
        "MONGODB_URL": settings.mongodb_url,
        "DATABASE_PREFIX": settings.database_prefix,
        "BASE_PORT": str(settings.base_port),
        "SMTP_PORT": str(port),
        "AUDITOR_EVERY_SECONDS": "0.1",
        "PATH": "",
    }


async def test_once_answers_with_its_exit_code(desk: Desk, mailbox: Any) -> None:
    command = [sys.executable, "-m", "services.auditor", "--once"]
    clean = await asyncio.to_thread(
        subprocess.run,
        command,
        env=environment(desk, mailbox.port),
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    assert (clean.returncode, clean.stdout) == (0, b""), clean.stderr
    await desk.report(urgency="emergency")  # the desk's clock stands months in the past
    found = await asyncio.to_thread(
        subprocess.run,
        command,
        env=environment(desk, mailbox.port),
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    assert found.returncode == 1, found.stderr
    assert {orjson.loads(line)["kind"] for line in found.stdout.splitlines()} == {
        "not_escalated",
        "unanswered",
        "week_not_reported",
        "slip_check_missing",
    }


async def test_the_process_says_that_it_is_ready_and_stops_when_told(desk: Desk, mailbox: Any) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tools.stack.serve",
        "auditor",
        env=environment(desk, mailbox.port),
        stderr=asyncio.subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{desk.runtime.settings.port_of('auditor')}"
    try:
        async with (
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client,
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            while True:
                try:
                    if (await client.get(base + "/health/ready")).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
            assert (await client.get(base + "/health/live")).json() == {"live": True}
            assert "guanjia_auditor_rounds" in (await client.get(base + "/metrics")).text
            assert (await client.get(base + "/elsewhere")).status_code == 404
    finally:
        process.terminate()
    assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0
