"""The gateway's application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from backend.services.api_gateway.assembly import open_providers
from backend.services.api_gateway.at_hand_protocol import at_hand_protocol
from backend.services.api_gateway.cache_routes import cache_router
from backend.services.api_gateway.capability_routes import capability_router
from backend.services.api_gateway.control_routes import control_router
from backend.services.api_gateway.control_store import ControlStore
from backend.services.api_gateway.gateway import SERVICE, VERSION, Gateway
from backend.services.api_gateway.history import History
from backend.services.api_gateway.live_routes import live_router
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.operator_control import OperatorControl, restore
from backend.services.api_gateway.plain_searches import PlainSearches
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.routes import api_router, health_router, search_route
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.api_gateway.transitions import TransitionLog
from backend.services.common.background import in_background
from backend.services.common.database import Database
from backend.services.common.metrics import metrics_route, new_registry

_NO_SPANS: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""FastAPI's own telemetry costs every request some 25 µs, even when nobody collects it."""


def create_app(settings: GatewaySettings) -> FastAPI:
    """The gateway. Its lifespan opens the connections, waits for none of them, and calls no provider.

    `app.state.end_streams` lets the listeners of the live stream go; call it before shutting down.
    `app.state.protocol` is uvicorn's HTTP protocol that answers plain searches before the application.
    """
    registry = new_registry()
    metrics = GatewayMetrics(registry)
    gateway = Gateway(settings.release)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with _open_databases(settings) as (database, operations):
            recorder, store = Recorder(database), ControlStore(operations)
            opened = open_providers(settings, recorder, metrics, gateway.feed.transition)
            async with _running(recorder), opened as providers:
                gateway.database, gateway.recorder, gateway.providers = database, recorder, providers
                gateway.history, gateway.control = History(database), OperatorControl(store)
                kept = store.run(partial(restore, providers, TransitionLog(recorder, metrics)))
                async with in_background(gateway.feed.run(), kept):
                    yield
                await store.end()

    app = FastAPI(
        title="SongNodes API gateway",
        version=VERSION,
        lifespan=lifespan,
        telemetry=_NO_SPANS,
        routes=[search_route(gateway), metrics_route(registry, partial(gateway.show_in, metrics))],
    )
    app.state.end_streams = gateway.feed.end
    app.state.protocol = at_hand_protocol(PlainSearches(gateway))
    app.include_router(api_router(gateway))
    app.include_router(control_router(gateway, settings.admin_token))
    app.include_router(cache_router(gateway, settings.admin_token))
    app.include_router(live_router(gateway))
    app.include_router(capability_router(gateway))
    app.include_router(health_router(gateway))
    return app


@asynccontextmanager
async def _open_databases(settings: GatewaySettings) -> AsyncIterator[tuple[Database, Database]]:
    """The music database and the operations database."""
    music = Database(settings.connect_arguments(), name=SERVICE)
    operations_arguments = settings.connect_arguments(settings.operations_database)
    async with music, Database(operations_arguments, name=SERVICE, max_size=2) as operations:
        yield music, operations


@asynccontextmanager
async def _running(recorder: Recorder) -> AsyncIterator[None]:
    """Let the recorder write in the background, and write what is left at the end."""
    task = asyncio.create_task(recorder.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await recorder.flush()
