"""The web application: every room's routes, problems, metrics and health, on one installation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from prometheus_client import generate_latest

import linli.people
import linli.supply
from linli.entry import platform_routes, rooms
from linli.entry.documentation import serve_documentation
from linli.money.intake.http import NoticeDoor
from linli.platform import outbox
from linli.platform.hot import FrontDoor
from linli.platform.installation import Installation
from linli.platform.limits import BodyLimit
from linli.platform.problems import install_problems
from linli.platform.telemetry import OUTBOX, Observe, count_night, registry
from linli.platform.web import LARGEST_BODY

ABOUT = """The API of Linli 邻里: one prefix per audience (`/app` members, `/leader`, `/supplier`, `/driver`,
`/warehouse`, `/console` operators, `/hooks` the outside world). Amounts are whole fen, weights grams, times UTC;
ids are 64-bit numbers written as strings. Every write carries an `Idempotency-Key`; refusals are RFC 9457 problems
with a stable `code`."""


def build_app(installation: Installation, *, lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """Return the application of one installation; it neither opens nor closes the installation."""
    rooms.load_tables()
    rooms.load_work()
    app = FastAPI(
        title="Linli 邻里",
        version="0.1.0",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan or _nothing,
    )
    app.state.installation = installation
    installation.check_session = linli.people.session_check(installation)
    install_problems(app)
    app.add_middleware(BodyLimit, largest=LARGEST_BODY)
    app.add_middleware(Observe)
    app.add_middleware(NoticeDoor, installation=installation)
    app.add_middleware(FrontDoor, installation=installation)
    for router in [*rooms.load_routers(), *platform_routes.routers]:
        app.include_router(router)
    serve_documentation(app)
    _health(app, installation)
    return app


@asynccontextmanager
async def _nothing(app: FastAPI) -> AsyncIterator[None]:
    yield


def _health(app: FastAPI, installation: Installation) -> None:
    @app.get("/health/live", operation_id="health_live", tags=["health"])
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/health/ready", operation_id="health_ready", tags=["health"])
    async def ready() -> dict[str, str]:
        async with installation.db.transaction(0, by="health") as tx:
            await outbox.counts(tx)
        return {"status": "ready"}

    @app.get("/metrics", operation_id="metrics", tags=["health"])
    async def metrics(request: Request) -> Response:
        async with installation.db.transaction(0, by="metrics") as tx:
            counted = await outbox.counts(tx)
            steps = await linli.supply.steps_lately(tx)
        count_night(steps)
        OUTBOX.clear()
        for (kind, status), number in counted.items():
            OUTBOX.labels(kind, status).set(number)
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")
