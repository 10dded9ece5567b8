"""The metrics: every series is named in one place, and label values come from small fixed sets."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backend.contracts.environment import PROVIDERS
from backend.contracts.gateway import Outcome
from backend.contracts.providers import HOST, EndpointClass
from backend.http import httpx
from backend.services.api_gateway.metric_series import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from backend.services.api_gateway.metrics import STATUSES, GatewayMetrics
from backend.services.common.metrics import new_registry
from tests.backend.services.api_gateway.serving import BEARER

ALLOWED = {
    "provider": set(PROVIDERS),
    "endpoint": {*(one.value for one in EndpointClass), HOST},
    "status": set(STATUSES),
    "outcome": {outcome.value for outcome in Outcome},
    "operation": {"get", "set"},
    "error_type": {outcome.value for outcome in Outcome},
}
REFERENCE = {
    "api_gateway_requests",
    "api_gateway_request_duration_seconds",
    "api_gateway_cache_hits",
    "api_gateway_cache_misses",
    "api_gateway_cache_operation_seconds",
    "api_gateway_circuit_breaker_state",
    "api_gateway_circuit_breaker_failures",
    "api_gateway_circuit_breaker_opens",
    "api_gateway_retry_attempts",
    "api_gateway_retry_success",
    "api_gateway_retry_failures",
    "api_gateway_rate_limit_requests",
    "api_gateway_rate_limit_tokens",
    "api_gateway_rate_limit_wait_seconds",
    "api_gateway_rate_limit_exhaustion_predicted_seconds",
    "api_gateway_rate_limit_token_bucket_fill_ratio",
}


def families(gateway: httpx.Client) -> dict[str, list[tuple[str, dict[str, str], float]]]:
    """Samples (name, labels, value) by family, without the process's own."""
    answer = gateway.get("/metrics")
    assert answer.status_code == 200
    return {
        family.name: [(sample.name, sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(answer.text)
        if family.name.startswith(PREFIX) and not family.name.endswith("_created")
    }


def use(gateway: httpx.Client) -> None:
    """Many different things asked, as an attacker of label sets would."""
    body = {"artist_name": "deadmau5", "track_title": "Strobe"}
    for _ in range(2):
        gateway.post("/api/deezer/search", json=body)
    for number in range(20):
        gateway.get(f"/api/spotify/track/{number:022d}")
        gateway.get(f"/api/deezer/track/{number + 1}")
        gateway.get(f"/api/provider-{number}/track/1")


def test_every_series_is_in_the_tables_and_every_label_value_in_a_fixed_set(gateway: httpx.Client) -> None:
    use(gateway)
    found = families(gateway)
    assert set(found) == {PREFIX + name for name in (*COUNTERS, *GAUGES, *HISTOGRAMS)}
    assert set(found) >= REFERENCE
    for samples in found.values():
        for _, labels, _ in samples:
            for label in labels.keys() - {"le"}:
                assert labels[label] in ALLOWED[label]


def test_the_figures_are_those_of_what_happened(gateway: httpx.Client) -> None:
    use(gateway)
    values = {
        (name, tuple(sorted(labels.items()))): value
        for samples in families(gateway).values()
        for name, labels, value in samples
    }

    def value(name: str, **labels: str) -> float:
        return values[PREFIX + name, tuple(sorted(labels.items()))]

    assert value("requests_total", provider="deezer", endpoint="search", status="success") == 1
    assert value("requests_total", provider="deezer", endpoint="search", status="cache_hit") == 1
    assert value("requests_total", provider="deezer", endpoint="lookup", status="not_found") == 20
    assert value("cache_hits_total", provider="deezer") == 1
    assert value("circuit_breaker_state", provider="deezer") == 0
    assert value("circuit_breaker_endpoint_state", provider="deezer", endpoint="host") == 0
    assert value("request_duration_seconds_count", provider="deezer", endpoint="lookup") == 20
    assert 0 <= value("rate_limit_token_bucket_fill_ratio", provider="deezer") <= 1
    assert value("rate_limit_exhaustion_predicted_seconds", provider="spotify") == -1


def test_tries_again_are_counted_by_why_and_how_they_ended() -> None:
    registry = new_registry()
    metrics = GatewayMetrics(registry)
    metrics.retried("deezer", Outcome.FAILURE, Outcome.OK)
    metrics.retried("deezer", Outcome.FAILURE, Outcome.BREAKER_OPEN)
    because = {"provider": "deezer", "error_type": "failure"}
    assert registry.get_sample_value("api_gateway_retry_attempts_total", because) == 2
    assert registry.get_sample_value("api_gateway_retry_success_total", {"provider": "deezer"}) == 1
    assert registry.get_sample_value("api_gateway_retry_failures_total", {"provider": "deezer"}) == 1


@pytest.mark.parametrize(("action", "state", "forced"), [("force_open", 2, 1), ("disable", 0, 1)])
def test_an_operators_state_shows_at_once(
    gateway: httpx.Client, action: str, state: float, forced: float
) -> None:
    body = {"action": action, "reason": "for the test", "author": "ada@desk"}
    done = gateway.post("/admin/circuit-breakers/deezer/control", json=body, headers=BEARER)
    assert done.status_code == 200
    found = families(gateway)
    deezer = {"provider": "deezer"}
    assert (PREFIX + "circuit_breaker_state", deezer, state) in found[PREFIX + "circuit_breaker_state"]
    assert (PREFIX + "circuit_breaker_forced", deezer, forced) in found[PREFIX + "circuit_breaker_forced"]
