"""How the auditor is heard: mail and webhook, directly, each tried whatever became of the other.

No personal data.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

import aiosmtplib
import httpx
import orjson
from prometheus_client import Counter as MetricCounter
from standardwebhooks.webhooks import Webhook

from shared.audit import Finding
from shared.ids import derived_id
from shared.settings import Settings

log = logging.getLogger(__name__)
LISTED_MAX = 50
ALARMS = MetricCounter(
    "guanjia_auditor_alarms", "Alarms of the auditor, by way out and result", ("way", "result")
)


async def tell(settings: Settings, found: Sequence[Finding], now: datetime) -> bool:
    """Raise one alarm for all findings of a round; whether anybody was reached."""
    for finding in found[:LISTED_MAX]:
        log.error("overdue", extra={"finding": as_json(finding)})
    ways = [_mail(settings, found, now)]
    if settings.auditor_webhook_url:
        ways.append(_webhook(settings, found, now))
    return any(await asyncio.gather(*ways))


def as_json(finding: Finding) -> dict[str, object]:
    """A finding for machines."""
    return {
        "kind": finding.kind,
        "property_id": finding.property_id,
        "subject": finding.subject,
        "slip": finding.slip,
        "expected_at": finding.expected_at.isoformat(),
        "late_seconds": finding.late_seconds,
    }


def text_of(found: Sequence[Finding]) -> str:
    """A mail a person can act on; of very many findings the first `LISTED_MAX`."""
    lines = [
        f"{f.property_id}  {f.slip or f.subject}  {f.kind}  "
        f"due {f.expected_at:%Y-%m-%d %H:%M:%S} UTC  late {f.late_seconds} s"
        for f in found[:LISTED_MAX]
    ]
    if len(found) > LISTED_MAX:
        lines.append(f"... and {len(found) - LISTED_MAX} more")
    return "\n".join(["These should have been told to somebody and were not:", "", *lines, ""])


async def _mail(settings: Settings, found: Sequence[Finding], now: datetime) -> bool:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(f.kind for f in found).items()))
    message = EmailMessage()
    message["From"] = settings.smtp_from
    message["To"] = settings.auditor_mail_to
    message["Subject"] = f"[Guanjia auditor] {kinds}"
    message["Message-ID"] = f"<{_id(found, now)}@auditor.guanjia>"
    message.set_content(text_of(found))
    try:
        await aiosmtplib.send(
            message,
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            start_tls=settings.smtp_starttls,
            timeout=settings.smtp_timeout_seconds,
        )
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return _failed("mail", error)
    ALARMS.labels("mail", "sent").inc()
    return True


async def _webhook(settings: Settings, found: Sequence[Finding], now: datetime) -> bool:
    body = orjson.dumps(
        {
            "type": "auditor.alarm.v1",
            "total": len(found),
            "findings": [as_json(f) for f in found[:LISTED_MAX]],
        }
    )
    headers = {"content-type": "application/json", "webhook-id": _id(found, now)}
    headers["webhook-timestamp"] = str(int(now.timestamp()))
    secret = settings.gateway_secret.get_secret_value()
    try:
        if secret:
            headers["webhook-signature"] = Webhook(secret).sign(headers["webhook-id"], now, body.decode())
        async with httpx.AsyncClient(timeout=settings.gateway_timeout_seconds, trust_env=False) as http:
            response = await http.post(settings.auditor_webhook_url, content=body, headers=headers)
            response.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return _failed("webhook", error)
    ALARMS.labels("webhook", "sent").inc()
    return True


def _failed(way: str, error: Exception) -> bool:
    log.error("an alarm could not be raised by %s: %s", way, type(error).__name__)
    ALARMS.labels(way, "failed").inc()
    return False


def _id(found: Sequence[Finding], now: datetime) -> str:
    return derived_id("auditor", now.isoformat(), *(f.key for f in found[:LISTED_MAX]))
