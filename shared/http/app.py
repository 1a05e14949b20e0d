"""The FastAPI application of a service process: its routers, and what every process has.

Everywhere: `/health/live`, `/health/ready` (true only while the loops really progress), `/metrics`, `/docs`,
`/openapi.json`, `/asyncapi.json`.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.http import problems, refusals
from shared.http.asyncapi import document
from shared.http.limits import BodyLimit
from shared.kernel.runtime import Runtime

JSON = "application/json"
operations = APIRouter(tags=["operations"])


@operations.get("/health/live")
async def live() -> dict[str, bool]:
    """The process runs."""
    return {"live": True}


@operations.get("/health/ready")
async def ready(request: Request) -> Response:
    """Whether all loops of this process progress; 503 with the names of those that do not."""
    runtime: Runtime = request.app.state.runtime
    silent = runtime.silent()
    body = {"ready": not silent, "silent": silent, "service": runtime.service, "role": runtime.role}
    return Response(orjson.dumps(body), 503 if silent else 200, media_type=JSON)


@operations.get("/metrics", response_class=Response)
async def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@operations.get("/asyncapi.json", response_class=Response)
async def asyncapi(request: Request) -> Response:
    """The events this service emits and reads, as an AsyncAPI 3.0 document."""
    runtime: Runtime = request.app.state.runtime
    return Response(orjson.dumps(document(runtime.wiring, runtime.settings)), media_type=JSON)


def make_app(runtime: Runtime, routers: Sequence[APIRouter]) -> FastAPI:
    """The application of one process."""
    app = FastAPI(
        title=f"Guanjia {runtime.service}",
        version="1",
        description=f"The {runtime.service} service of Guanjia, a property-management platform.",
    )
    app.state.runtime = runtime
    for router in routers:
        app.include_router(router, responses=problems.RESPONSES)
    if routers:
        app.include_router(refusals.router, responses=problems.RESPONSES)
    app.include_router(operations)
    problems.install(app, runtime.settings.answer_language)
    problems.describe(app)
    app.add_middleware(BodyLimit, bytes_max=runtime.settings.body_bytes_max)
    return app
