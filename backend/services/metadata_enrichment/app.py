"""The application of the metadata-enrichment service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog
from fastapi import FastAPI
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.environment import ENRICHMENT
from backend.http import httpx
from backend.services.common.background import in_background
from backend.services.common.broker import make_broker
from backend.services.common.database import Database
from backend.services.common.metrics import metrics_route, new_registry
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.configuration.reference_routes import config_router
from backend.services.metadata_enrichment.configuration.waterfall_routes import waterfall_router
from backend.services.metadata_enrichment.health import Health, health_router
from backend.services.metadata_enrichment.layers.readings import Readings
from backend.services.metadata_enrichment.layers.records import Records
from backend.services.metadata_enrichment.routes import Service, admin_router, enrich_router
from backend.services.metadata_enrichment.service_metrics import EnrichmentMetrics
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from backend.services.metadata_enrichment.work.enricher import Enricher
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.worker import Worker

VERSION = "1.0.0"
_SWEEP_SECONDS = 300.0
_log = structlog.get_logger()


def create_app(settings: EnrichmentSettings) -> FastAPI:
    """The service. Its lifespan opens the connections, waits for none of them, and starts the worker."""
    registry = new_registry()
    metrics = EnrichmentMetrics(registry)
    database = Database(
        settings.connect_arguments(), name=ENRICHMENT, max_size=8 + settings.worker_concurrency
    )
    operations = Database(
        settings.connect_arguments(settings.operations_database), name=f"{ENRICHMENT} broker"
    )
    client = httpx.AsyncClient(base_url=settings.gateway_url, timeout=settings.gateway_timeout_seconds)
    gateway = GatewayClient(client)
    broker = make_broker(settings, operations.pool, name=ENRICHMENT)
    configuration = ConfigurationHolder(database.pool)
    metrics.config_version.set_function(configuration.version_in_force)
    records = Records(database.pool)
    enricher = Enricher(records, gateway, configuration, broker, metrics)
    worker = Worker(broker, enricher, settings.worker_concurrency)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        work = (configuration.follow(), worker.run(), _sweep(records))
        async with database, operations, broker, client, in_background(*work):
            yield

    app = FastAPI(
        title="SongNodes metadata enrichment",
        version=VERSION,
        lifespan=lifespan,
        routes=[metrics_route(registry)],
    )
    service = Service(enricher, broker, Readings(database.pool))
    app.include_router(enrich_router(service))
    app.include_router(admin_router(service, settings.admin_token))
    app.include_router(config_router(database.pool, configuration, settings.admin_token))
    app.include_router(waterfall_router(database.pool, configuration, settings.admin_token))
    app.include_router(
        health_router(Health(settings.release, VERSION, database, broker, gateway, configuration))
    )
    return app


async def _sweep(records: Records) -> None:
    """Background task: close requests that a service left open when it died."""
    while True:
        try:
            if abandoned := await records.give_up_abandoned():
                _log.warning("abandoned_requests_closed", requests=abandoned)
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            _log.warning("abandoned_requests_not_closed", reason=type(error).__name__)
        await asyncio.sleep(_SWEEP_SECONDS)
