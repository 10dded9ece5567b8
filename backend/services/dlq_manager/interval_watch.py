"""Watches the providers through the gateway: breakers that are open, and limits that are used up."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg_pool import PoolClosed, PoolTimeout

from backend.contracts.dead_letter_views import Interval, IntervalKind
from backend.contracts.providers import BreakerState, GateState, ProviderStatus
from backend.services.dlq_manager.interval_store import IntervalStore
from backend.services.dlq_manager.provider_limits import ProviderLimits

LOOK_SECONDS = 2.0
_KINDS = [IntervalKind.BREAKER_OPEN, IntervalKind.QUOTA]
_log = structlog.get_logger()


class IntervalWatch:
    """The background task. Several replicas may run it: an interval has one name, wherever it is seen."""

    def __init__(self, limits: ProviderLimits, store: IntervalStore) -> None:
        self._limits = limits
        self._store = store

    async def run(self) -> None:
        """Look for ever. While the gateway does not answer nothing is known, so nothing is changed."""
        while True:
            try:
                await self.look()
            except (psycopg.Error, PoolTimeout, PoolClosed) as error:
                _log.warning("intervals_not_kept", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Record what the gateway says now. psycopg errors pass."""
        await self._store.end_forgotten()
        statuses = await self._limits.now()
        if statuses:
            at = datetime.now(UTC)
            await self._store.keep_present(present_intervals(statuses, at), list(statuses), _KINDS, at)


def present_intervals(statuses: Mapping[str, ProviderStatus], at: datetime) -> list[Interval]:
    """What is wrong with the providers now. A breaker that is half-open is not closed yet: still the same."""
    found: list[Interval] = []
    for provider, status in statuses.items():
        breaker, gate = status.circuit_breaker, status.rate_gate
        if breaker.state in {BreakerState.OPEN, BreakerState.HALF_OPEN}:
            found.append(
                Interval(
                    kind=IntervalKind.BREAKER_OPEN,
                    subject=provider,
                    source_key=f"breaker/{provider}/{breaker.since.isoformat()}",
                    started_at=min(breaker.since, at),
                    detail=breaker.reason[:500],
                )
            )
        if gate.state in {GateState.QUOTA, GateState.BLOCKED}:
            until = f"{gate.until:%Y-%m-%dT%H:%M}" if gate.until else "open"
            found.append(
                Interval(
                    kind=IntervalKind.QUOTA,
                    subject=provider,
                    source_key=f"gate/{provider}/{gate.state.value}/{until}",
                    started_at=at,
                    detail=gate.reason[:500],
                )
            )
    return found
