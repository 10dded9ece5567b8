"""Queues tracks again whose values a missing provider made worse, once it is back, a few at a time."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.providers import BreakerState, GateState, ProviderStatus
from backend.messaging.port import HEADER_REVISIT, Broker, BrokerError, Message
from backend.messaging.topology import ENRICHMENT_REQUESTS
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.layers.revisits import OpenRun, RevisitRuns
from backend.services.metadata_enrichment.service_metrics import EnrichmentMetrics
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient

_LEAD = "SELECT pg_try_advisory_lock(hashtextextended('revisits', 3))"
_AHEAD_SECONDS = 60.0
"""No more tracks are in the queue than the provider takes in this time, at the share it gives to revisits."""
_REMEMBERED = 2000
"""Tracks just queued that no worker has begun; more than are ever queued ahead."""
_LOST_SECONDS = 600.0
"""When nothing of a run ended for so long and the queue is empty, what was queued for it is lost: longer than
a worker holds a track back, or takes for it."""
_DATABASE_ERRORS = (psycopg.Error, PoolTimeout, PoolClosed)

_log = structlog.get_logger()


@dataclass
class _Feed:
    """What was queued for one run, and how much may be."""

    at: float
    credit: float = 0.0
    queued: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    ended: int = -1
    moved_at: float = field(default_factory=time.monotonic)

    def note_ended(self, ended: int) -> None:
        """So many tracks of the run have ended by now."""
        if ended != self.ended:
            self.ended, self.moved_at = ended, time.monotonic()

    def allow(self, per_second: float, outstanding: int) -> int:
        """How many tracks may be queued now."""
        now = time.monotonic()
        most = max(1.0, per_second * _AHEAD_SECONDS)
        self.credit, self.at = min(most, self.credit + (now - self.at) * per_second), now
        return max(0, min(int(self.credit), int(most) - outstanding))


class Revisits:
    """The background task; of all replicas one does it at a time."""

    def __init__(
        self,
        pool: Pool,
        runs: RevisitRuns,
        gateway: GatewayClient,
        broker: Broker,
        metrics: EnrichmentMetrics,
        share: float,
        interval: float,
        lost_seconds: float = _LOST_SECONDS,
    ) -> None:
        self._pool = pool
        self._runs = runs
        self._gateway = gateway
        self._broker = broker
        self._metrics = metrics
        self._share = share
        self._interval = interval
        self._lost_seconds = lost_seconds
        self._feeds: dict[UUID, _Feed] = {}

    async def run(self) -> None:
        """Look every `interval` seconds, as long as no other replica does."""
        while True:
            try:
                await self._lead()
            except (BrokerError, *_DATABASE_ERRORS) as error:
                _log.warning("revisits_interrupted", reason=type(error).__name__)
            await asyncio.sleep(self._interval)

    async def _lead(self) -> None:
        """Work while this session holds the lock; the end of the session gives it to another replica."""
        async with self._pool.connection() as session:
            await session.set_autocommit(True)
            cursor = await session.execute(_LEAD)
            try:
                leads = await cursor.fetchone() == (True,)
                while leads:
                    await self._look()
                    await asyncio.sleep(self._interval)
                    await session.execute("SELECT 1")
            finally:
                await session.close()

    async def _look(self) -> None:
        degraded = await self._runs.degraded()
        self._metrics.show_degraded(degraded)
        statuses = await self._gateway.providers()
        if not statuses:
            return  # the gateway is away, which says nothing about the providers
        running = {run.provider: run for run in await self._runs.running()}
        for provider, run in running.items():
            if is_away(statuses.get(provider)):
                await self._close(run, "partial")
                _log.info("revisit_broken_off", provider=provider, queued=run.queued)
            else:
                await self._feed(run, statuses[provider])
        for provider in degraded.keys() - running.keys():
            if not is_away(statuses.get(provider)) and await self._runs.is_due(provider):
                await self._runs.open(provider, "the provider is back")
                _log.info("revisit_begun", provider=provider, degraded=degraded[provider])

    async def _feed(self, run: OpenRun, status: ProviderStatus) -> None:
        feed = self._feeds.setdefault(run.id, _Feed(time.monotonic() - self._interval))
        feed.note_ended(sum(await self._runs.ended(run)))
        outstanding = run.queued - feed.ended
        if outstanding > 0 and await self._is_lost(feed):
            await self._close(run, "partial")  # those without a result are due again, in a run of their own
            _log.warning("revisit_lost", provider=run.provider, tracks=outstanding)
            return
        gate = status.rate_gate
        allowed = feed.allow(gate.limit / gate.window_seconds * self._share, outstanding)
        if not allowed or gate.state is not GateState.FLOWING:
            return
        requests = await self._runs.candidates(run, feed.queued, allowed)
        if requests:
            await self._queue(run, feed, requests)
        elif outstanding <= 0:
            await self._close(run, "completed")
            _log.info("revisit_completed", provider=run.provider, queued=run.queued)

    async def _is_lost(self, feed: _Feed) -> bool:
        """Whether what is waited for never comes: the broker lost it, or a replica died as it queued it."""
        if time.monotonic() - feed.moved_at < self._lost_seconds:
            return False
        return await self._broker.depth(ENRICHMENT_REQUESTS) == 0

    async def _close(self, run: OpenRun, status: str) -> None:
        await self._runs.close(run, status)
        self._feeds.pop(run.id, None)

    async def _queue(self, run: OpenRun, feed: _Feed, requests: list[EnrichRequest]) -> None:
        await self._broker.publish(ENRICHMENT_REQUESTS, [_message(run, request) for request in requests])
        await self._runs.count_queued(run, len(requests))
        feed.credit -= len(requests)
        feed.moved_at = time.monotonic()
        feed.queued.extend(request.track_id for request in requests)
        self._metrics.revisits.labels(run.provider).inc(len(requests))


def is_away(status: ProviderStatus | None) -> bool:
    """Whether a provider cannot be asked, for longer than its limit makes everybody wait."""
    if status is None or status.status in {"unavailable", "no_credentials"}:
        return True
    closed = status.circuit_breaker.state is BreakerState.CLOSED
    return not closed or status.rate_gate.state in {GateState.QUOTA, GateState.BLOCKED}


def why_away(statuses: Mapping[str, ProviderStatus], provider: str) -> str:
    """In words, for somebody who asked for a revisit."""
    status = statuses[provider]
    breaker, gate = status.circuit_breaker, status.rate_gate
    return (
        f"{provider} cannot be asked now: {status.status.replace('_', ' ')}, "
        f"circuit breaker {breaker.state.value}, limit {gate.state.value}"
    )


def _message(run: OpenRun, request: EnrichRequest) -> Message:
    """Under the same id whoever queues it, so that a change of the leading replica does nothing twice."""
    traced = request.model_copy(update={"correlation_id": run.correlation_id})
    return Message(
        message_id=str(uuid5(run.id, request.track_id)),
        body=traced.model_dump_json().encode(),
        correlation_id=run.correlation_id,
        headers={HEADER_REVISIT: run.provider},
    )
