"""The floors: the least that anything durable must cost, as processes of their own.

`accept`: a bare FastAPI endpoint that does one majority `insert_one` of the same body. No token, no
catalogue, no events.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

from shared.mongo.client import connect


def accept_app(url: str, database: str) -> FastAPI:
    """The bare endpoint."""
    app = FastAPI()
    collection = connect(url, "floor")[database]["bodies"]

    @app.post("/accept", status_code=201)
    async def accept(request: Request) -> Response:
        body: dict[str, Any] = await request.json()
        await collection.insert_one(body)
        return Response(b'{"ok":true}', 201, media_type="application/json")

    return app


def main(port: int) -> None:
    """Serve the floor with the same server and loop as a service has."""
    app = accept_app(os.environ["MONGODB_URL"], os.environ["FLOOR_DATABASE"])
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        http="httptools",
        loop="uvloop",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
