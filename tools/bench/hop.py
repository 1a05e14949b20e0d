"""A floor process: the durable writes and messages of one service, with no logic.

Same process layout, same batch sizes, same number of documents, events and bytes as were counted in a run of
the platform (`tools/bench/census.py`), but nothing is decided, checked, signed or ordered: records in, one
transaction of inserts, records out, a seal per batch. `python -m tools.bench.hop SPEC SERVICE ROLE` with the
addresses in the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from bson import Binary
from fastapi import FastAPI, Request, Response
from pymongo.errors import CollectionInvalid, OperationFailure

from shared.ids import new_id
from shared.mongo.client import Database, connect

BATCH_MAX = 100
LANE = "routine"
READY = "ready"


class Writer:
    """Fractional counts become whole documents by carrying the rest over."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._carry: dict[str, float] = defaultdict(float)

    def documents(self, what: str, records: int) -> dict[str, list[dict[str, Any]]]:
        """The documents that so many records cause.

        `spec[what]` is {collection: [count per record, bytes]}.
        """
        made = {}
        for collection, (count, size) in self._spec.get(what, {}).items():
            self._carry[what + collection] += count * records
            whole = int(self._carry[what + collection])
            self._carry[what + collection] -= whole
            made[collection] = [{"_id": new_id(), "body": Binary(bytes(size))} for _ in range(whole)]
        return {name: rows for name, rows in made.items() if rows}


async def write(db: Database, documents: dict[str, list[dict[str, Any]]]) -> None:
    """One transaction."""
    if not documents:
        return
    async with db.client.start_session() as session, await session.start_transaction():
        for name, rows in documents.items():
            await db[name].insert_many(rows, ordered=False, session=session)


class Hop:
    """One process of one service."""

    def __init__(self, spec: dict[str, Any], service: str) -> None:
        self.service = service
        self.spec = spec[service]
        self.writer = Writer(self.spec)
        self.db = connect(os.environ["MONGODB_URL"], f"floor-{service}")[
            f"{os.environ['FLOOR_DATABASE']}_{service}"
        ]
        self.bootstrap = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
        self.prefix = os.environ["TOPIC_PREFIX"]
        self.wait_ms = int(os.environ.get("FETCH_MAX_WAIT_MS", "100"))
        self.inbox: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue(5_000)

    def topic(self, service: str) -> str:
        """The topic of a service."""
        return f"{self.prefix}{service}.{LANE}.v1"

    async def prepare(self) -> None:
        """Collections exist before transactions write them."""
        existing = set(await self.db.list_collection_names())
        for part in ("accept", *(f"from:{s}" for s in self.spec["reads"]), "handed"):
            for name in {*self.spec.get(part, {}), "outbox", "seals"} - existing:
                with contextlib.suppress(
                    CollectionInvalid, OperationFailure
                ):  # the other process of this service was quicker
                    await self.db.create_collection(name)
                existing.add(name)

    async def relay(self) -> None:
        """Outbox to Kafka by change stream, a seal per quarter second."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all")
        await producer.start()
        loop = asyncio.get_running_loop()
        pipeline = [{"$match": {"operationType": "insert"}}]
        pending: list[asyncio.Future[Any]] = []
        sealed = loop.time()
        async with await self.db["outbox"].watch(pipeline, max_await_time_ms=200) as stream:
            await self.db[READY].insert_one({"_id": self.service})
            while True:
                change = await stream.try_next()
                if change is not None:
                    row = change["fullDocument"]
                    sent = await producer.send(self.topic(self.service), row["body"], row["_id"].encode())
                    pending.append(sent)
                if pending and (loop.time() - sealed > 0.25 or len(pending) > 1_000):
                    await asyncio.gather(*pending)
                    await write(
                        self.db, {"seals": [{"_id": new_id(), "body": Binary(bytes(110 * len(pending)))}]}
                    )
                    pending, sealed = [], loop.time()

    async def consume(self) -> None:
        """Records of the services it reads; one transaction a batch, then the offsets."""
        topics = [self.topic(s) for s in self.spec["reads"]]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap,
            group_id=f"{self.prefix}{self.service}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=self.wait_ms,
        )
        await consumer.start()
        partitions = int(os.environ["PARTITIONS"])
        consumer.assign([TopicPartition(t, p) for t in topics for p in range(partitions)])
        while True:
            fetched = await consumer.getmany(timeout_ms=self.wait_ms, max_records=2 * BATCH_MAX)
            records = [r for rows in fetched.values() for r in rows]
            parts = [records[i : i + BATCH_MAX] for i in range(0, len(records), BATCH_MAX)]
            await asyncio.gather(*(self._apply(part) for part in parts))
            if records:
                await consumer.commit()

    async def _apply(self, records: list[Any]) -> None:
        counts: dict[str, int] = defaultdict(int)
        for record in records:
            counts[record.topic.removeprefix(self.prefix).split(".")[0]] += 1
        documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for source, count in counts.items():
            for name, rows in self.writer.documents(f"from:{source}", count).items():
                documents[name] += rows
        await write(self.db, documents)
        if messages := documents.get("messages"):
            await self._hand_over(messages)

    async def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        """Mark as being sent, send in batches to the gateway, write down what came of it."""
        ids = [m["_id"] for m in messages]
        await self.db["messages"].update_many({"_id": {"$in": ids}}, {"$set": {"state": "sending"}})
        body = {"messages": [{"key": id} for id in ids]}
        async with httpx.AsyncClient() as client:
            await client.post(os.environ["FLOOR_SINK"], json=body)
        await write(self.db, self.writer.documents("handed", len(ids)))

    async def accept(self, port: int) -> None:
        """HTTP calls, committed together, two transactions in flight."""
        app = FastAPI()

        @app.post("/accept", status_code=201)
        async def call(request: Request) -> Response:
            await request.json()
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            await self.inbox.put(done)
            await done
            return Response(b'{"ok":true}', 201, media_type="application/json")

        workers = [asyncio.create_task(self._commit_calls()) for _ in range(2)]
        config = uvicorn.Config(app, port=port, http="httptools", access_log=False, log_level="warning")
        await uvicorn.Server(config).serve()
        for worker in workers:
            worker.cancel()

    async def _commit_calls(self) -> None:
        while True:
            calls = [await self.inbox.get()]
            while len(calls) < 2 * BATCH_MAX and not self.inbox.empty():
                calls.append(self.inbox.get_nowait())
            await write(self.db, self.writer.documents("accept", len(calls)))
            for done in calls:
                done.set_result(None)


async def main(hop: Hop, role: str) -> None:
    """Run until killed."""
    await hop.prepare()
    if role == "front":
        await hop.accept(int(os.environ["FLOOR_PORT"]))
        return
    await asyncio.gather(hop.relay(), *([hop.consume()] if hop.spec["reads"] else []))


if __name__ == "__main__":
    uvloop.run(main(Hop(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]), sys.argv[3]))
