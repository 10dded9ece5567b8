"""The history behind the charts, read from Bronze: calls by time slice, and when breakers were open."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from backend.contracts.live import HistoryPoint, ProviderHistory, StateInterval
from backend.contracts.providers import BreakerState, BreakerStatus
from backend.services.common.database import Database

SLICE_SECONDS = {15: 15, 60: 60, 1440: 900}
"""Ranges in minutes that can be asked for, and the length of their slices."""

_CALLS: LiteralString = """
SELECT provider, floor(extract(epoch FROM fetched_at - %(start)s) / %(slice)s)::int AS place,
    count(*),
    count(*) FILTER (WHERE outcome IN ('failure', 'contract')),
    count(*) FILTER (WHERE outcome IN ('throttled', 'quota')),
    count(*) FILTER (WHERE outcome = 'not_found')
FROM raw_api_responses
WHERE provider = ANY(%(providers)s) AND fetched_at >= %(start)s AND fetched_at < %(end)s
GROUP BY provider, place
"""
_CHANGES: LiteralString = """
SELECT provider, endpoint, from_state, to_state, reason, happened_at
FROM raw_circuit_breaker_events
WHERE provider = ANY(%(providers)s) AND happened_at >= %(start)s AND happened_at < %(end)s
ORDER BY happened_at, id
"""

Breakers = Mapping[str, Mapping[str, BreakerStatus]]
"""The breakers as they are now, by provider and endpoint."""


@dataclass(frozen=True)
class _Range:
    start: datetime
    end: datetime
    seconds: int

    @classmethod
    def until(cls, now: datetime, minutes: int) -> "_Range":
        """The last `minutes`, on borders of slices, the one that has begun included."""
        seconds = SLICE_SECONDS[minutes]
        end = datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, UTC)
        return cls(end - timedelta(minutes=minutes), end, seconds)

    def slices(self) -> Iterable[datetime]:
        """Where each slice begins, oldest first."""
        count = int((self.end - self.start).total_seconds() // self.seconds)
        return (self.start + timedelta(seconds=self.seconds * place) for place in range(count))


@dataclass(frozen=True)
class _Change:
    endpoint: str
    from_state: BreakerState
    to_state: BreakerState
    reason: str
    at: datetime


class History:
    """Reads histories. psycopg.Error and PoolTimeout when the database cannot be read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._started = datetime.now(UTC)

    async def read(self, breakers: Breakers, minutes: int) -> dict[str, ProviderHistory]:
        """The last `minutes` of every provider in `breakers`; two indexed queries, however many there are."""
        span = _Range.until(datetime.now(UTC), minutes)
        arguments = {
            "providers": list(breakers),
            "start": span.start,
            "end": span.end,
            "slice": span.seconds,
        }
        async with self._database.pool.connection() as connection:
            calls = await (await connection.execute(_CALLS, arguments)).fetchall()
            changes = await (await connection.execute(_CHANGES, arguments)).fetchall()
        return _histories(span, self._started, breakers, calls, changes)


def _histories(
    span: _Range,
    started: datetime,
    breakers: Breakers,
    calls: Sequence[Sequence[Any]],
    changes: Sequence[Sequence[Any]],
) -> dict[str, ProviderHistory]:
    counted = {(provider, place): numbers for provider, place, *numbers in calls}
    changed: dict[str, list[_Change]] = defaultdict(list)
    for provider, endpoint, before, after, reason, at in changes:
        changed[provider].append(_Change(endpoint, BreakerState(before), BreakerState(after), reason, at))
    return {
        name: ProviderHistory(
            provider=name,
            slice_seconds=span.seconds,
            points=[
                _point(start, counted.get((name, place), (0, 0, 0, 0)))
                for place, start in enumerate(span.slices())
            ],
            intervals=_intervals(changed[name], span.start, started, now),
        )
        for name, now in breakers.items()
    }


def _point(start: datetime, numbers: Sequence[int]) -> HistoryPoint:
    calls, failures, throttled, not_found = numbers
    return HistoryPoint(start=start, calls=calls, failures=failures, throttled=throttled, not_found=not_found)


def _intervals(
    changes: Sequence[_Change],
    start: datetime,
    started: datetime,
    breakers: Mapping[str, BreakerStatus],
) -> list[StateInterval]:
    by_endpoint: dict[str, list[_Change]] = {endpoint: [] for endpoint in breakers}
    for change in changes:
        by_endpoint.setdefault(change.endpoint, []).append(change)
    found = [
        interval
        for endpoint, its in by_endpoint.items()
        for interval in _of_endpoint(endpoint, its, start, started, breakers.get(endpoint))
    ]
    return sorted(found, key=lambda interval: interval.start)


def _of_endpoint(
    endpoint: str,
    changes: Sequence[_Change],
    start: datetime,
    started: datetime,
    now: BreakerStatus | None,
) -> Iterable[StateInterval]:
    """Times in which one breaker was not closed.

    The breaker as it is now has the last word: a gateway that was restarted while a breaker was open has
    left no event that closed it. One that is not shown `now` has been at rest since the gateway started.
    """
    if not changes:
        if now is not None and now.state is not BreakerState.CLOSED:
            since = max(start, now.since)
            yield StateInterval(endpoint=endpoint, state=now.state, start=since, reason=now.reason)
        return
    state, since, reason = changes[0].from_state, start, ""
    for change in changes:
        if state is not BreakerState.CLOSED:
            yield StateInterval(endpoint=endpoint, state=state, start=since, end=change.at, reason=reason)
        state, since, reason = change.to_state, change.at, change.reason
    if state is not BreakerState.CLOSED:
        ended = started if now is None else now.since if now.state is not state else None
        yield StateInterval(endpoint=endpoint, state=state, start=since, end=ended, reason=reason)
