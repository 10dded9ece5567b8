"""What operators and other programs see of a breaker."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from backend.contracts.providers import BreakerControl, BreakerState, BreakerStatus, ControlStatus
from backend.services.api_gateway.breakers.breaker import WINDOW_SECONDS, Breaker
from backend.services.api_gateway.breakers.model import Override

_RANK = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 2, BreakerState.OPEN: 3}
_SHADOW_RANK = 1


def status_of(breaker: Breaker, now: float) -> BreakerStatus:
    """The breaker as it is at `now` of its clock."""
    record, settings, totals = breaker.record, breaker.settings, breaker.totals()
    shared = breaker.shared_record
    offset = datetime.now(UTC) - timedelta(seconds=now)
    enough = totals.calls >= settings.minimum_calls and not settings.connect_only
    forced = record.override.control is BreakerControl.FORCED_OPEN
    retry_at = record.override.until if forced else record.retry_at
    return BreakerStatus(
        endpoint=breaker.endpoint,
        state=record.state,
        since=offset + timedelta(seconds=record.since),
        epoch=shared.epoch,
        calls_in_window=totals.calls,
        failures_in_window=totals.failures,
        slow_in_window=totals.slow,
        failure_rate=totals.failures / totals.calls if enough else None,
        failure_threshold=settings.failure_rate,
        minimum_calls=settings.unreachable_in_a_row if settings.connect_only else settings.minimum_calls,
        window_seconds=WINDOW_SECONDS,
        slow_seconds=None if settings.connect_only else breaker.slow_seconds,
        reason=record.reason,
        retry_at=_moment(retry_at, offset),
        probes=len(record.leases) + record.successes + record.failures,
        probes_allowed=settings.probes,
        opened_total=shared.opened,
        rejected_total=breaker.rejected_total,
        quarantined=breaker.quarantined,
        control=_control_status(record.override, offset),
    )


def worst(statuses: Iterable[BreakerStatus]) -> BreakerStatus:
    """The one that holds back most; among equals the one with most failures, then most calls."""
    return max(statuses, key=_badness)


def _badness(status: BreakerStatus) -> tuple[int, bool, int, int]:
    shadow = status.control.control is BreakerControl.SHADOW
    rank = min(_RANK[status.state], _SHADOW_RANK) if shadow else _RANK[status.state]
    forced = status.control.control is not BreakerControl.AUTOMATIC
    return rank, forced, status.failures_in_window, status.calls_in_window


def _control_status(override: Override, offset: datetime) -> ControlStatus:
    return ControlStatus(
        control=override.control,
        author=override.author,
        reason=override.reason,
        since=_moment(override.since, offset),
        until=_moment(override.until, offset),
    )


def _moment(seconds: float | None, offset: datetime) -> datetime | None:
    return None if seconds is None else offset + timedelta(seconds=seconds)
