"""Text messages through an HTTP gateway: signed (Standard Webhooks), idempotent by key, up to 100 a request.

`POST <url>/v1/messages` with `{"messages": [{key, to, language, text, template, params, repeated,
traceparent}]}`;
the answer is `{"results": [{key, status: accepted | duplicate | rejected, reason}]}`. Headers `webhook-id`,
`webhook-timestamp`, `webhook-signature` and `Idempotency-Key`: the key of a single message, otherwise an id
derived from all keys of the request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import httpx
import orjson
from standardwebhooks.webhooks import Webhook

from services.notify.channels.base import Outgoing, marked
from services.notify.domain.delivery import Result
from services.notify.domain.message import ChannelName, Outcome
from shared.clock import Clock
from shared.ids import derived_id

_REASON = re.compile(r"^[a-z0-9_]{1,40}$")
_OURS_TO_CORRECT = (400, 413, 415, 422)  # a message in it is wrong: no later try will be better


class GatewayChannel:
    """One gateway; connections are kept and shared."""

    name: ChannelName = "sms"

    def __init__(
        self,
        url: str,
        secret: str,
        timeout_seconds: float,
        clock: Clock,
        *,
        batch_max: int = 100,
        calls_max: int = 8,
    ) -> None:
        self.batch_max = batch_max
        self.calls_max = calls_max
        self._url = url.rstrip("/") + "/v1/messages"
        self._webhook = Webhook(secret)
        self._clock = clock
        limits = httpx.Limits(
            max_connections=calls_max, max_keepalive_connections=calls_max, keepalive_expiry=30
        )
        self._http = httpx.AsyncClient(timeout=timeout_seconds, limits=limits, trust_env=False)

    async def deliver(self, messages: Sequence[Outgoing]) -> Sequence[Result]:
        """See `Channel.deliver`. A request that is called malformed is halved until the bad one is found."""
        answer = await self._post(messages)
        if isinstance(answer, dict):
            return [_result(answer.get(m.key)) for m in messages]
        if answer.outcome == "rejected" and len(messages) > 1:
            half = len(messages) // 2
            return [*await self.deliver(messages[:half]), *await self.deliver(messages[half:])]
        return [answer for _ in messages]

    async def close(self) -> None:
        """Close the kept connections."""
        await self._http.aclose()

    async def _post(self, messages: Sequence[Outgoing]) -> dict[str, Any] | Result:
        body = orjson.dumps({"messages": [_item(m) for m in messages]})
        try:
            response = await self._http.post(self._url, content=body, headers=self._headers(messages, body))
        except httpx.TimeoutException:
            return Result("failed", "timeout")
        except httpx.HTTPError:
            return Result("failed", "connection")
        if response.status_code == httpx.codes.OK:
            return _by_key(response.content)
        outcome: Outcome = "rejected" if response.status_code in _OURS_TO_CORRECT else "failed"
        return Result(outcome, f"gateway_{response.status_code}", _retry_after(response))

    def _headers(self, messages: Sequence[Outgoing], body: bytes) -> dict[str, str]:
        now = self._clock.now()
        request_id = (
            messages[0].key if len(messages) == 1 else derived_id("gateway", *(m.key for m in messages))
        )
        headers = {
            "content-type": "application/json",
            "idempotency-key": request_id,
            "webhook-id": request_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(request_id, now, body.decode()),
        }
        if messages[0].traceparent:
            headers["traceparent"] = messages[0].traceparent
        return headers


def _item(message: Outgoing) -> dict[str, object]:
    return {
        "key": message.key,
        "to": message.address,
        "language": message.language,
        "text": marked(message, message.text),
        "template": message.template,
        "params": message.params or {},
        "repeated": message.repeated,
        "traceparent": message.traceparent,
    }


def _by_key(content: bytes) -> dict[str, Any] | Result:
    try:
        return {row["key"]: row for row in orjson.loads(content)["results"]}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Result("failed", "gateway_answer")


def _result(row: Any) -> Result:
    status = row.get("status") if isinstance(row, dict) else None
    if status in ("accepted", "duplicate"):
        return Result("accepted")
    if status != "rejected":
        return Result("failed", "gateway_answer")
    reason = str(row.get("reason", ""))
    return Result("rejected", reason if _REASON.match(reason) else "rejected")


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0
