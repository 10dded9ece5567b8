"""Prometheus series of the dead-letter manager, under the reference's names."""

import asyncio

import psycopg
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letters import DeadLetterStats
from backend.messaging.port import BrokerError
from backend.services.dlq_manager.queries import Queries

REFRESH_SECONDS = 5.0
_AGES = (60, 300, 900, 3600, 86_400, 604_800)
_log = structlog.get_logger()


class DlqMetrics:
    """What is counted as it happens, and gauges that a background task keeps fresh."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Gauge(
            "dlq_messages_total",
            "Dead letters that are pending, and queue depths",
            ["queue"],
            registry=registry,
        )
        self.by_error_type = Gauge(
            "dlq_messages_by_error_type", "Pending dead letters", ["error_type"], registry=registry
        )
        self.by_state = Gauge("dlq_messages_by_state", "Dead letters", ["state"], registry=registry)
        self.oldest = Gauge(
            "dlq_oldest_message_age_seconds", "Age of the oldest pending dead letter", registry=registry
        )
        self.replays = Counter(
            "dlq_replay", "Dead letters asked to be sent again", ["status"], registry=registry
        )
        self.outcomes = Counter(
            "dlq_replay_outcome", "What was reported of them", ["outcome"], registry=registry
        )
        self.taken_in = Counter("dlq_intake", "Deliveries from the queue", ["result"], registry=registry)
        self.age = Histogram(
            "dlq_message_age_seconds",
            "Age of a dead letter when somebody acted on it",
            buckets=_AGES,
            registry=registry,
        )

    def show(self, stats: DeadLetterStats) -> None:
        """Set the gauges; an error type that is gone disappears."""
        self.messages.labels("pending").set(stats.total_pending)
        for queue, depth in stats.queue_stats.items():
            self.messages.labels(queue).set(depth)
        self.by_error_type.clear()
        for error_type, count in stats.by_error_type.items():
            self.by_error_type.labels(error_type).set(count)
        for state, count in stats.by_state.items():
            self.by_state.labels(state).set(count)
        self.oldest.set(stats.oldest_message_age_seconds or 0.0)

    async def refresh(self, queries: Queries) -> None:
        """Background task: keep the gauges fresh whether or not anybody asks for figures."""
        while True:
            try:
                self.show(await queries.stats())
            except (psycopg.Error, PoolTimeout, PoolClosed, BrokerError) as error:
                _log.warning("metrics_not_refreshed", reason=str(error))
            await asyncio.sleep(REFRESH_SECONDS)
