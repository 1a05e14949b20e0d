"""Noticing that the broker has forgotten: the incarnation of its log is the name of an empty topic.

One metadata request lists the topics. None that says which log this is: the broker has lost everything (or is
new), so all topics and a new incarnation are created, in this order: where an incarnation is, the topics are.
Several, after a race: the smallest name counts, and names grow with time. It needs nothing of the broker but
topics, so it is the same on the embedded one and on Apache Kafka.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.errors import Transient
from shared.ids import new_id
from shared.kernel import topics
from shared.settings import Settings
from shared.tasks import honour_cancellation, whole

log = logging.getLogger(__name__)

CHECK_EVERY_SECONDS = 2.0
RETRY_SECONDS = 0.2
SHOWN_TRIES, SHOWN_SECONDS = 50, 0.1


class Incarnation:
    """Knows which log the broker has now. One per process; `current` is empty until the first check."""

    def __init__(
        self, settings: Settings, client_id: str, *, every_seconds: float = CHECK_EVERY_SECONDS
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._every = every_seconds
        self._prefix = topics.incarnation_prefix(settings.topic_prefix)
        self._admin: AIOKafkaAdminClient | None = None
        self._lock = asyncio.Lock()
        self._changed = asyncio.Condition()
        self.current = ""

    async def check(self) -> str:
        """Ask the broker now. Raises KafkaError or Transient when it does not answer."""
        async with self._lock:
            try:
                client = await self._client()
                names = await self._names(client)
                if not names:
                    await topics.ensure_topics(client, self._settings)
                    await topics.create_incarnation(client, self._prefix + new_id(), self._settings)
                    names = await self._shown(client)
                elif not self.current:
                    await topics.ensure_topics(client, self._settings)  # a newer version may have more topics
            except BaseException:
                await self._drop_client()
                raise
            await self._set(min(names).removeprefix(self._prefix))
            return self.current

    async def wait_change(self, known: str) -> str:
        """The incarnation as soon as it is another than `known`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.current not in ("", known))
            return self.current

    async def run(self, beat: Callable[[str], None] = lambda name: None) -> None:
        """Look every two seconds, for as long as the process lives."""
        try:
            while True:
                honour_cancellation()
                wait = self._every
                try:
                    await self.check()
                    beat("incarnation")
                except (KafkaError, Transient, OSError, TimeoutError) as error:
                    log.warning("the broker does not answer: %s", type(error).__name__)
                    wait = RETRY_SECONDS
                await asyncio.sleep(wait)
        finally:
            await self.close()

    async def close(self) -> None:
        """Give the connection back."""
        await self._drop_client()

    async def _client(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            self._admin = topics.admin(self._settings, self._client_id)
            await whole(self._admin.start())
        return self._admin

    async def _drop_client(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            with contextlib.suppress(Exception):
                await admin.close()

    async def _names(self, client: AIOKafkaAdminClient) -> list[str]:
        return [name for name in await client.list_topics() if name.startswith(self._prefix)]

    async def _shown(self, client: AIOKafkaAdminClient) -> list[str]:
        """What was just created, once the broker shows it: it may be a moment behind its controller."""
        for _ in range(SHOWN_TRIES):
            names = await self._names(client)
            if names:
                return names
            await asyncio.sleep(SHOWN_SECONDS)
        raise Transient("the broker does not show the topics it has just created")

    async def _set(self, name: str) -> None:
        if name == self.current:
            return
        if self.current:
            log.warning("the broker has forgotten: incarnation %s instead of %s", name, self.current)
        async with self._changed:
            self.current = name
            self._changed.notify_all()
