"""Puts the parts together that the service and a worker of its own have in common."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

from backend.contracts.environment import ENRICHMENT
from backend.http import httpx
from backend.messaging.port import Broker
from backend.services.common.background import in_background
from backend.services.common.broker import make_broker
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from backend.services.metadata_enrichment.configuration.holder import ConfigurationHolder
from backend.services.metadata_enrichment.health import Health
from backend.services.metadata_enrichment.layers.batches import Batches
from backend.services.metadata_enrichment.layers.records import Records
from backend.services.metadata_enrichment.layers.revisits import RevisitRuns
from backend.services.metadata_enrichment.service_metrics import EnrichmentMetrics
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from backend.services.metadata_enrichment.work.enricher import Enricher
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.track_locks import TrackLocks
from backend.services.metadata_enrichment.work.worker import FINISH_SECONDS, Worker

VERSION = "1.0.0"
_STOP_SECONDS = FINISH_SECONDS + 2.0


@dataclass(frozen=True)
class Parts:
    """What enriching takes; `running` opens it."""

    settings: EnrichmentSettings
    registry: CollectorRegistry
    metrics: EnrichmentMetrics
    database: Database
    operations: Database
    client: httpx.AsyncClient
    gateway: GatewayClient
    broker: Broker
    configuration: ConfigurationHolder
    records: Records
    batches: Batches
    revisits: RevisitRuns
    locks: TrackLocks
    enricher: Enricher
    worker: Worker

    @property
    def health(self) -> Health:
        """What `/health` looks at."""
        return Health(
            self.settings.release,
            VERSION,
            self.database,
            self.broker,
            self.gateway,
            self.configuration,
        )

    @asynccontextmanager
    async def running(self, *work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Open the connections, waiting for none of them, follow the configuration, consume, do `work`.

        At the end the worker may finish what it has begun, while everything else still runs.
        """
        async with (
            self.database,
            self.operations,
            self.broker,
            self.client,
            self.locks,
            in_background(self.configuration.follow(), *work),
            in_background(self.worker.run(), patience=_STOP_SECONDS),
        ):
            yield


def assemble(settings: EnrichmentSettings) -> Parts:
    """The parts by these settings. Nothing is opened yet."""
    registry = new_registry()
    metrics = EnrichmentMetrics(registry)
    music = settings.connect_arguments()
    database = Database(music, name=ENRICHMENT, max_size=8 + settings.worker_concurrency)
    operations = Database(
        settings.connect_arguments(settings.operations_database), name=f"{ENRICHMENT} broker"
    )
    client = httpx.AsyncClient(base_url=settings.gateway_url, timeout=settings.gateway_timeout_seconds)
    gateway = GatewayClient(client, bulk_patience=settings.bulk_patience_seconds)
    broker = make_broker(settings, operations.pool, name=ENRICHMENT)
    configuration = ConfigurationHolder(database.pool)
    metrics.config_version.set_function(configuration.version_in_force)
    records = Records(database.pool)
    locks = TrackLocks(music)
    enricher = Enricher(records, gateway, configuration, broker, metrics, locks)
    worker = Worker(broker, enricher, metrics, settings.worker_concurrency, settings.worker_prefetch)
    return Parts(
        settings=settings,
        registry=registry,
        metrics=metrics,
        database=database,
        operations=operations,
        client=client,
        gateway=gateway,
        broker=broker,
        configuration=configuration,
        records=records,
        batches=Batches(database.pool),
        revisits=RevisitRuns(database.pool),
        locks=locks,
        enricher=enricher,
        worker=worker,
    )
