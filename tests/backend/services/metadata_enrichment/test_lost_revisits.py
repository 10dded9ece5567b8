"""A revisit whose messages the broker has lost ends, and the tracks are due again."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

from psycopg_pool import AsyncConnectionPool

from backend.contracts.providers import BreakerState, BreakerStatus, GateState, ProviderStatus, RateGateStatus
from backend.database.address import DatabaseAddress
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from backend.messaging.topology import QUEUES
from backend.services.common.metrics import new_registry
from backend.services.metadata_enrichment.layers.revisits import RevisitRuns
from backend.services.metadata_enrichment.service_metrics import EnrichmentMetrics
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.revisits import Revisits
from tests.backend.services.metadata_enrichment.test_revisits import keep

_BREAKER = BreakerStatus(
    state=BreakerState.CLOSED,
    since=datetime(2026, 1, 1, tzinfo=UTC),
    epoch=1,
    calls_in_window=0,
    failures_in_window=0,
    failure_rate=None,
    minimum_calls=5,
)
_GATE = RateGateStatus(state=GateState.FLOWING, limit=600, window_seconds=60.0)
_WELL = ProviderStatus(status="healthy", mode="simulated", circuit_breaker=_BREAKER, rate_gate=_GATE)


class WellGateway:
    """A gateway whose one provider is well."""

    async def providers(self) -> dict[str, ProviderStatus]:
        """Its state."""
        return {"spotify": _WELL}


async def test_a_revisit_whose_messages_are_lost_ends_and_is_due_again(
    musicdb: DatabaseAddress, operations_db: DatabaseAddress
) -> None:
    keep(musicdb, "t-1", by=["spotify"])
    music: AsyncConnectionPool[Connection] = AsyncConnectionPool(kwargs=musicdb.conninfo(), open=False)
    operations: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=operations_db.conninfo(), min_size=1, open=False
    )
    async with music, operations:
        broker, runs = PostgresBroker(operations), RevisitRuns(music)
        await broker.declare(QUEUES)
        metrics, gateway = EnrichmentMetrics(new_registry()), cast("GatewayClient", WellGateway())
        work = Revisits(music, runs, gateway, broker, metrics, 1.0, 0.05, lost_seconds=0.5)
        task = asyncio.create_task(work.run())
        try:
            async with asyncio.timeout(30):
                await _lose_the_first_message(operations)
                while await _states(runs) != ["running", "partial"]:  # noqa: ASYNC110 - rows have no event
                    await asyncio.sleep(0.02)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _states(runs: RevisitRuns) -> list[str]:
    return [run.status for run in await runs.newest()][:2]


async def _lose_the_first_message(operations: "AsyncConnectionPool[Connection]") -> None:
    lost = 0
    while not lost:
        async with operations.connection() as connection:
            lost = (await connection.execute("DELETE FROM broker.messages")).rowcount
        await asyncio.sleep(0.02)
