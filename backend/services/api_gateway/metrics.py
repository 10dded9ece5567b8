"""The gateway's Prometheus metrics, under the reference's names. Label values come from small fixed sets."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from backend.contracts.gateway import BreakerState, Outcome

_DURATIONS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
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
        by_call, by_provider = ["provider", "endpoint"], ["provider"]
        self._requests = Counter(
            "api_gateway_requests",
            "Requests by how they ended.",
            [*by_call, "status"],
            registry=registry,
        )
        self._durations = Histogram(
            "api_gateway_request_duration_seconds",
            "Seconds that provider calls took.",
            by_call,
            buckets=_DURATIONS,
            registry=registry,
        )
        self._hits = Counter(
            "api_gateway_cache_hits", "Answers from the cache.", by_provider, registry=registry
        )
        self._misses = Counter(
            "api_gateway_cache_misses", "Answers not in the cache.", by_provider, registry=registry
        )
        self._state = Gauge(
            "api_gateway_circuit_breaker_state",
            "0 closed, 1 half-open, 2 open.",
            by_provider,
            registry=registry,
        )
        self._failures = Counter(
            "api_gateway_circuit_breaker_failures",
            "Calls that counted as failed.",
            by_provider,
            registry=registry,
        )
        self._opens = Counter(
            "api_gateway_circuit_breaker_opens", "Times it opened.", by_provider, registry=registry
        )
        self._limited = Counter(
            "api_gateway_rate_limit_requests", "Calls through the rate gate.", by_provider, registry=registry
        )
        self._waits = Histogram(
            "api_gateway_rate_limit_wait_seconds",
            "Seconds waited at the rate gate.",
            by_provider,
            buckets=_WAITS,
            registry=registry,
        )
        self._free = Gauge(
            "api_gateway_rate_limit_tokens",
            "Calls that could be made at once.",
            by_provider,
            registry=registry,
        )
        self._dropped = Gauge(
            "api_gateway_records_dropped", "Records lost because the queue was full.", registry=registry
        )
        self._waiting = Gauge(
            "api_gateway_records_waiting", "Records not yet in the database.", registry=registry
        )

    def answered(self, provider: str, operation: str, outcome: Outcome) -> None:
        """An operation ended without the cache."""
        self._misses.labels(provider).inc()
        self._requests.labels(provider, operation, _STATUS.get(outcome, "error")).inc()

    def answered_from_cache(self, provider: str, operation: str) -> None:
        """An operation was answered from the cache."""
        self._hits.labels(provider).inc()
        self._requests.labels(provider, operation, "cache_hit").inc()

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
