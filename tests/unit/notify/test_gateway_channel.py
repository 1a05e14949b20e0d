"""The HTTP gateway, against a real one on loopback: signature, idempotency, faults."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.notify.channels.base import Outgoing
from services.notify.channels.gateway import GatewayChannel
from shared.clock import SystemClock
from shared.ids import derived_id
from tests.unit.notify.conftest import LATE, SECRET
from tests.waiting import PATIENCE_SECONDS
from tools.gateway.faults import Fault
from tools.gateway.receipts import Receipts
from tools.gateway.server import Running, gateway


def outgoing(n: int = 0, address: str = "+8613800138000") -> Outgoing:
    return Outgoing(derived_id("m", n), address, "zh", "主题", f"您好 {n}")


def accepted(running: Running) -> list[str]:
    return [row["key"] for row in running.sms_receipts.rows() if row["outcome"] == "accepted"]


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


async def test_a_hundred_messages_go_in_one_signed_request(servers: Running, sms: GatewayChannel) -> None:
    messages = [outgoing(n) for n in range(100)]
    results = await sms.deliver(messages)
    assert {r.outcome for r in results} == {"accepted"}
    assert accepted(servers) == [m.key for m in messages]
    assert [m["text"] for m in servers.mailbox.newest(2)] == ["您好 99", "您好 98"]


async def test_a_wrong_secret_is_refused_and_counts_as_failed(servers: Running) -> None:
    other = GatewayChannel(servers.url, "whsec_" + "b3RoZXItc2VjcmV0", PATIENCE_SECONDS, SystemClock())
    [result] = await other.deliver([outgoing()])
    await other.close()
    assert (result.outcome, result.reason) == ("failed", "gateway_401")
    assert accepted(servers) == []


async def test_a_body_changed_on_the_way_is_refused(servers: Running, sms: GatewayChannel) -> None:
    body = b'{"messages":[]}'
    headers = sms._headers([outgoing()], body)
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        answer = await client.post(f"{servers.url}/v1/messages", content=body + b" ", headers=headers)
    assert answer.status_code == 401


async def test_answer_lost_then_the_same_key_is_taken_once(servers: Running, sms: GatewayChannel) -> None:
    servers.sms_faults.plan(Fault("answer_lost"))
    [lost] = await sms.deliver([outgoing()])
    assert (lost.outcome, lost.reason) == ("failed", "connection")
    [again] = await sms.deliver([outgoing()])
    assert again.outcome == "accepted"
    assert accepted(servers) == [outgoing().key]
    assert [r["outcome"] for r in servers.sms_receipts.rows()] == ["accepted", "duplicate"]


async def test_two_requests_at_once_with_one_key_are_one_message(
    servers: Running, sms: GatewayChannel
) -> None:
    results = await asyncio.gather(*(sms.deliver([outgoing()]) for _ in range(8)))
    assert {r.outcome for [r] in results} == {"accepted"}
    assert accepted(servers) == [outgoing().key]


@pytest.mark.parametrize(
    ("fault", "outcome", "reason"),
    [
        (Fault("error", status=503), "failed", "gateway_503"),
        (Fault("error", status=429), "failed", "gateway_429"),
        (
            Fault("error", status=404),
            "failed",
            "gateway_404",
        ),  # the gateway's fault, not the message's
        (Fault("drop"), "failed", "connection"),
        (LATE, "failed", "timeout"),
        (Fault("reject"), "rejected", "template_not_approved"),
    ],
)
async def test_faults_and_what_they_mean(
    servers: Running, sms: GatewayChannel, fault: Fault, outcome: str, reason: str
) -> None:
    servers.sms_faults.plan(fault)
    [result] = await sms.deliver([outgoing()])
    assert (result.outcome, result.reason) == (outcome, reason)


async def test_one_malformed_message_does_not_hold_the_others(servers: Running, sms: GatewayChannel) -> None:
    results = await sms.deliver([outgoing(0), outgoing(1, address="nonsense"), outgoing(2)])
    assert [r.outcome for r in results] == ["accepted", "rejected", "accepted"]
    assert accepted(servers) == [outgoing(0).key, outgoing(2).key]


async def test_a_malformed_message_among_a_hundred_is_found_in_a_few_calls(
    servers: Running, sms: GatewayChannel
) -> None:
    batch = [outgoing(n, address="nonsense" if n == 37 else "+8613800138000") for n in range(100)]
    calls: list[httpx.Request] = []

    async def count(request: httpx.Request) -> None:
        calls.append(request)

    sms._http.event_hooks["request"].append(count)
    results = await sms.deliver(batch)
    assert [n for n, result in enumerate(results) if result.outcome != "accepted"] == [37]
    assert len(accepted(servers)) == 99
    assert len(calls) <= 15


async def test_nobody_listens(sms: GatewayChannel, unused_port: int) -> None:
    channel = GatewayChannel(f"http://127.0.0.1:{unused_port}", SECRET, PATIENCE_SECONDS, SystemClock())
    [result] = await channel.deliver([outgoing()])
    await channel.close()
    assert (result.outcome, result.reason) == ("failed", "connection")


async def test_a_repeated_message_is_marked_in_its_language(servers: Running, sms: GatewayChannel) -> None:
    zh = replace(outgoing(1), repeated=True)
    en = replace(outgoing(2), repeated=True, language="en", text="Hello")
    await sms.deliver([zh, en])
    assert [m["text"] for m in servers.mailbox.newest(2)] == ["[repeated] Hello", "【重复】您好 1"]


async def test_keys_are_known_after_a_restart(tmp_path: Path) -> None:
    for outcome in ("accepted", "duplicate"):
        async with gateway(SECRET, tmp_path) as running:
            channel = GatewayChannel(running.url, SECRET, PATIENCE_SECONDS, SystemClock())
            [result] = await channel.deliver([outgoing()])
            await channel.close()
            assert result.outcome == "accepted"
            assert [r["outcome"] for r in running.sms_receipts.rows()][-1] == outcome


async def test_receipts_are_bounded_and_survive_a_torn_line(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "r.jsonl", bytes_max=2_000, files_max=3)
    for n in range(200):
        await receipts.append([{"key": str(n)}])
    await receipts.close()
    assert size_of(tmp_path) < 3 * 2_200
    with (tmp_path / "r.jsonl").open("ab") as file:
        file.write(b'{"key": "to')
    again = Receipts(tmp_path / "r.jsonl", bytes_max=2_000, files_max=3)
    assert list(again.rows())[-1] == {"key": "199"}
    await again.append([{"key": "200"}])
    await again.close()
    assert [row["key"] for row in again.rows()][-2:] == ["199", "200"]


async def test_faults_need_leave(tmp_path: Path) -> None:
    async with gateway(SECRET, tmp_path) as running, httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        refused = await client.post(f"{running.url}/faults", json={"kind": "drop"})
        assert refused.status_code == 403
        page = await client.get(f"{running.url}/messages", params={"limit": "9999999"})
        assert page.status_code == 422
        assert (await client.get(running.url)).status_code == 200
