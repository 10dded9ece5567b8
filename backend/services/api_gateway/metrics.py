"""What is counted: Prometheus metrics under the reference's names, and the traffic of the last minute.

The series stand in `metric_series`.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from time import monotonic
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from backend.contracts.gateway import Outcome
from backend.contracts.providers import (
    BreakerControl,
    BreakerState,
    EndpointClass,
    LastError,
    ProviderStatus,
    TrafficStatus,
)
from backend.services.api_gateway.breakers.model import Verdict
from backend.services.api_gateway.metric_series import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from backend.services.api_gateway.outcomes import verdict_of
from backend.services.api_gateway.traffic import Traffic

_STATE_VALUES = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}
_STATUS = {
    Outcome.OK: "success",
    Outcome.NOT_FOUND: "not_found",
    Outcome.EMPTY_SUSPECT: "not_found",
    Outcome.THROTTLED: "rate_limited",
    Outcome.QUOTA: "rate_limited",
    Outcome.BREAKER_OPEN: "circuit_breaker_open",
}
STATUSES = frozenset({*_STATUS.values(), "error", "cache_hit"})
_OPERATIONS = {"search": EndpointClass.SEARCH, "track": EndpointClass.LOOKUP}
"""The class of endpoints that a request to the gateway stands for."""


Metric = TypeVar("Metric", Counter, Gauge, Histogram)


def _series(metric: Metric, labels: Sequence[str]) -> Callable[..., Metric]:
    """The metric's series by its labels, remembered: looking one up costs more than counting."""
    return cache(metric.labels) if labels else lambda: metric


class GatewayMetrics:
    """All metrics of one application, in its own registry."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._traffic: dict[str, Traffic] = {}
        self._unshown_hits: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._counters = {
            name: _series(Counter(PREFIX + name, text, labels, registry=registry), labels)
            for name, (text, labels) in COUNTERS.items()
        }
        self._gauges = {
            name: _series(Gauge(PREFIX + name, text, labels, registry=registry), labels)
            for name, (text, labels) in GAUGES.items()
        }
        self._histograms = {
            name: _series(Histogram(PREFIX + name, text, labels, registry=registry, buckets=buckets), labels)
            for name, (text, labels, buckets) in HISTOGRAMS.items()
        }

    def traffic(self, provider: str) -> TrafficStatus:
        """What happened at a provider within the last minute."""
        return self._of(provider).status()

    def answered(self, provider: str, operation: str, outcome: Outcome) -> None:
        """An operation ended without the cache."""
        self._of(provider).answered()
        self._counters["cache_misses"](provider).inc()
        self._requests(provider, operation, _STATUS.get(outcome, "error")).inc()

    def answered_from_cache(self, provider: str, operation: str) -> None:
        """An operation was answered from the cache.

        Its series learn of it with the next `provider_is`: telling them takes longer than the answer itself.
        """
        self._of(provider).answered_from_cache()
        self._unshown_hits[provider, operation] += 1

    def cache_operation(self, provider: str, operation: str, seconds: float) -> None:
        """An answer was read from Redis (`get`) or written there (`set`)."""
        self._histograms["cache_operation_seconds"](provider, operation).observe(seconds)

    def called(self, provider: str, endpoint: EndpointClass, outcome: Outcome, seconds: float) -> None:
        """A provider was called."""
        self._of(provider).called(outcome, seconds * 1000)
        self._histograms["request_duration_seconds"](provider, endpoint.value).observe(seconds)
        self._counters["call_outcomes"](provider, outcome.value).inc()
        if verdict_of(outcome) is Verdict.FAILURE:
            self._counters["circuit_breaker_failures"](provider).inc()

    def erred(self, provider: str, error: LastError) -> None:
        """A provider's answer was not a usable one."""
        self._of(provider).erred(error)

    def rejected(self, provider: str) -> None:
        """A breaker refused a call."""
        self._of(provider).rejected()
        self._counters["circuit_breaker_rejections"](provider).inc()

    def retried(self, provider: str, because: Outcome, result: Outcome) -> None:
        """A call was tried again because of an outcome, with this result."""
        self._counters["retry_attempts"](provider, because.value).inc()
        ended = "retry_success" if verdict_of(result) is Verdict.SUCCESS else "retry_failures"
        self._counters[ended](provider).inc()

    def passed_gate(self, provider: str, waited: float) -> None:
        """A call was let through by the rate gate."""
        self._counters["rate_limit_requests"](provider).inc()
        self._histograms["rate_limit_wait_seconds"](provider).observe(waited)

    def breaker_opened(self, provider: str) -> None:
        """A breaker opened."""
        self._counters["circuit_breaker_opens"](provider).inc()

    def recorder_is(self, waiting: int, dropped: int) -> None:
        """The recorder's queue as it is now; asked for before each reading of the metrics."""
        self._gauges["records_waiting"]().set(waiting)
        self._gauges["records_dropped"]().set(dropped)

    def provider_is(self, provider: str, status: ProviderStatus) -> None:
        """A provider as it is now; asked for before each reading of the metrics."""
        breakers = status.endpoints or {status.circuit_breaker.endpoint: status.circuit_breaker}
        for endpoint, breaker in breakers.items():
            value = _STATE_VALUES[breaker.state]
            self._gauges["circuit_breaker_endpoint_state"](provider, endpoint).set(value)
        forced = any(one.control.control is not BreakerControl.AUTOMATIC for one in breakers.values())
        worst = _STATE_VALUES[status.circuit_breaker.state]
        self._gauges["circuit_breaker_state"](provider).set(worst)
        self._gauges["circuit_breaker_forced"](provider).set(forced)
        self._budget_is(provider, status)
        self._show_hits(provider)

    def _budget_is(self, provider: str, status: ProviderStatus) -> None:
        gate = status.rate_gate
        if gate.remaining is None:
            return
        rate = status.traffic.calls / status.traffic.window_seconds
        refill = gate.limit / gate.window_seconds
        predicted = gate.remaining / (rate - refill) if rate > refill else -1
        self._gauges["rate_limit_tokens"](provider).set(gate.remaining)
        self._gauges["rate_limit_token_bucket_fill_ratio"](provider).set(gate.remaining / gate.limit)
        self._gauges["rate_limit_exhaustion_predicted_seconds"](provider).set(predicted)

    def _show_hits(self, provider: str) -> None:
        for operation in _OPERATIONS:
            hits = self._unshown_hits.pop((provider, operation), 0)
            if hits:
                self._counters["cache_hits"](provider).inc(hits)
                self._requests(provider, operation, "cache_hit").inc(hits)

    def _requests(self, provider: str, operation: str, status: str) -> Counter:
        endpoint = _OPERATIONS.get(operation, EndpointClass.LOOKUP)
        return self._counters["requests"](provider, endpoint.value, status)

    def _of(self, provider: str) -> Traffic:
        if provider not in self._traffic:
            self._traffic[provider] = Traffic(self._clock)
        return self._traffic[provider]
