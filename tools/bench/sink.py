"""Where messages end in a bench: takes them in batches, notes when the technician's message of each trace
arrived, answers "accepted".

A process of its own, so that it neither slows the load generator nor is slowed by it. `python -m
tools.bench.sink PORT`.
"""

from __future__ import annotations

import os
import sys
import time

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STAFF = frozenset(os.environ.get("STAFF_PHONES", "").split(","))
arrived: dict[str, float] = {}
counts: dict[str, int] = {}


async def take(request: Request) -> Response:
    """A batch of messages."""
    now = time.time()
    results = []
    for message in orjson.loads(await request.body())["messages"]:
        to = "staff" if message["to"] in STAFF else "owner"
        counts[to] = counts.get(to, 0) + 1
        if to == "staff":
            arrived.setdefault(message["traceparent"][3:35], now)
        results.append({"key": message["key"], "status": "accepted"})
    return Response(orjson.dumps({"results": results}), media_type="application/json")


async def seen(request: Request) -> Response:
    """How many traces arrived, and when each did if `?times=1`."""
    body = {
        "traces": len(arrived),
        "counts": counts,
        "times": arrived if "times" in request.query_params else {},
    }
    return Response(orjson.dumps(body), media_type="application/json")


async def forget(_: Request) -> Response:
    """Begin anew."""
    arrived.clear()
    counts.clear()
    return Response(b"{}")


app = Starlette(
    routes=[
        Route("/v1/messages", take, methods=["POST"]),
        Route("/seen", seen),
        Route("/forget", forget, methods=["POST"]),
    ]
)

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), http="httptools", access_log=False, log_level="warning"
    )
