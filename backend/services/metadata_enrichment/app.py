"""The applications of metadata-enrichment: the service, and a worker that is a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI
from psycopg_pool import PoolClosed, PoolTimeout

from backend.services.common.metrics import metrics_route
from backend.services.metadata_enrichment.assembly import VERSION, Parts, assemble
from backend.services.metadata_enrichment.batch_routes import batch_router
from backend.services.metadata_enrichment.configuration.reference_routes import config_router
from backend.services.metadata_enrichment.configuration.waterfall_routes import waterfall_router
from backend.services.metadata_enrichment.health import health_router
from backend.services.metadata_enrichment.inspection.asking import Asking
from backend.services.metadata_enrichment.inspection.routes import inspection_router, inspections
from backend.services.metadata_enrichment.layers.batches import Batches
from backend.services.metadata_enrichment.layers.readings import Readings
from backend.services.metadata_enrichment.layers.records import Records
from backend.services.metadata_enrichment.replay.assembly import assemble_replay
from backend.services.metadata_enrichment.revisit_routes import revisit_router
from backend.services.metadata_enrichment.routes import Service, admin_router, enrich_router
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from backend.services.metadata_enrichment.work.revisits import Revisits

_SWEEP_SECONDS = 60.0
_log = structlog.get_logger()


def create_app(settings: EnrichmentSettings) -> FastAPI:
    """The service. Its lifespan opens the connections, waits for none of them, and starts its worker."""
    parts = assemble(settings)
    pool, token = parts.database.pool, settings.admin_token
    replay = assemble_replay(pool, parts.client, parts.configuration, token)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        work = (_sweep(parts.records, parts.batches), replay.runner.run(), *_revisits(parts))
        async with parts.running(*work):
            yield

    app = FastAPI(
        title="SongNodes metadata enrichment",
        version=VERSION,
        lifespan=lifespan,
        routes=[metrics_route(parts.registry)],
    )
    service = Service(parts.enricher, Readings(pool), parts.revisits)
    app.include_router(enrich_router(service))
    app.include_router(batch_router(parts.broker, parts.batches))
    app.include_router(revisit_router(parts.revisits, parts.gateway, token))
    asking = Asking(parts.gateway, parts.configuration)
    app.include_router(inspection_router(inspections(pool, asking), token))
    app.include_router(admin_router(service, token))
    app.include_router(config_router(pool, parts.configuration, token))
    app.include_router(waterfall_router(pool, parts.configuration, token))
    app.include_router(replay.router)
    app.include_router(health_router(parts.health))
    return app


def create_worker_app(settings: EnrichmentSettings) -> FastAPI:
    """A worker: consumes the queue as the service does, and answers nothing but /health and /metrics."""
    parts = assemble(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with parts.running():
            yield

    app = FastAPI(
        title="SongNodes enrichment worker",
        version=VERSION,
        lifespan=lifespan,
        routes=[metrics_route(parts.registry)],
    )
    app.include_router(health_router(parts.health))
    return app


def _revisits(parts: Parts) -> list[Coroutine[Any, Any, None]]:
    settings = parts.settings
    if not settings.revisit_share:
        return []
    task = Revisits(
        parts.database.pool,
        parts.revisits,
        parts.gateway,
        parts.broker,
        parts.metrics,
        settings.revisit_share,
        settings.revisit_seconds,
    )
    return [task.run()]


async def _sweep(records: Records, batches: Batches) -> None:
    """Background task: close requests that a service left open when it died, and batches that are done."""
    while True:
        try:
            if abandoned := await records.give_up_abandoned():
                _log.warning("abandoned_requests_closed", requests=abandoned)
            await batches.close_finished()
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            _log.warning("requests_not_swept", reason=type(error).__name__)
        await asyncio.sleep(_SWEEP_SECONDS)
