"""The gateway's Prometheus metrics, under the reference's names. Label values come from small fixed sets."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from backend.contracts.gateway import Outcome
from backend.contracts.providers import BreakerState

_DURATIONS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_CACHE = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)
_WAITS = (0.01, 0.1, 0.5, 1, 5, 10, 30, 60)
_STATE_VALUES = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}
_STATUS = {
    Outcome.OK: "success",
    Outcome.NOT_FOUND: "not_found",
    Outcome.THROTTLED: "rate_limited",
    Outcome.QUOTA: "rate_limited",
    Outcome.BREAKER_OPEN: "circuit_breaker_open",
}


class GatewayMetrics:
    """All metrics of one application, in its own registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        call, provider = ("provider", "endpoint"), ("provider",)
        self._requests = counter("api_gateway_requests", "Requests by how they ended.", (*call, "status"))
        self._durations = histogram(
            "api_gateway_request_duration_seconds", "Seconds provider calls took.", call, buckets=_DURATIONS
        )
        self._hits = counter("api_gateway_cache_hits", "Answers from the cache.", provider)
        self._misses = counter("api_gateway_cache_misses", "Answers not in the cache.", provider)
        self._cache_seconds = histogram(
            "api_gateway_cache_operation_seconds",
            "Seconds of reading (get) and writing (set) answers in Redis.",
            ("provider", "operation"),
            buckets=_CACHE,
        )
        self._state = gauge("api_gateway_circuit_breaker_state", "0 closed, 1 half-open, 2 open.", provider)
        self._failures = counter("api_gateway_circuit_breaker_failures", "Failed calls.", provider)
        self._opens = counter("api_gateway_circuit_breaker_opens", "Times it opened.", provider)
        self._limited = counter("api_gateway_rate_limit_requests", "Calls let through the gate.", provider)
        self._waits = histogram(
            "api_gateway_rate_limit_wait_seconds", "Seconds waited at the gate.", provider, buckets=_WAITS
        )
        self._free = gauge("api_gateway_rate_limit_tokens", "Calls that could be made at once.", provider)
        self._dropped = gauge("api_gateway_records_dropped", "Records lost: the queue was full.")
        self._waiting = gauge("api_gateway_records_waiting", "Records not yet in the database.")

    def answered(self, provider: str, operation: str, outcome: Outcome) -> None:
        """An operation ended without the cache."""
        self._misses.labels(provider).inc()
        self._requests.labels(provider, operation, _STATUS.get(outcome, "error")).inc()

    def answered_from_cache(self, provider: str, operation: str) -> None:
        """An operation was answered from the cache."""
        self._hits.labels(provider).inc()
        self._requests.labels(provider, operation, "cache_hit").inc()

    def cache_operation(self, provider: str, operation: str, seconds: float) -> None:
        """An answer was read from Redis (`get`) or written there (`set`)."""
        self._cache_seconds.labels(provider, operation).observe(seconds)

    def called(self, provider: str, endpoint: str, seconds: float, *, failed: bool) -> None:
        """A provider was called."""
        self._durations.labels(provider, endpoint).observe(seconds)
        if failed:
            self._failures.labels(provider).inc()

    def passed_gate(self, provider: str, waited: float, free: int) -> None:
        """A call was let through by the rate gate."""
        self._limited.labels(provider).inc()
        self._waits.labels(provider).observe(waited)
        self._free.labels(provider).set(free)

    def breaker_is(self, provider: str, state: BreakerState) -> None:
        """A breaker's state, as it changes and at the start."""
        self._state.labels(provider).set(_STATE_VALUES[state])
        if state is BreakerState.OPEN:
            self._opens.labels(provider).inc()

    def recorder_is(self, waiting: int, dropped: int) -> None:
        """The recorder's queue."""
        self._waiting.set(waiting)
        self._dropped.set(dropped)
