"""Prometheus series of the metadata-enrichment service, under the reference's names."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from backend.services.metadata_enrichment.waterfall.resolution import Resolution
from backend.services.metadata_enrichment.work.gathering import Gathered

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class EnrichmentMetrics:
    """What is counted; every series here is really updated."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.tracks = Counter(
            "tracks_enriched", "Enrichments by how they ended", ["status"], registry=registry
        )
        self.duration = Histogram(
            "enrichment_duration_seconds",
            "Time from request to answer",
            ["status"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.api_calls = Counter(
            "api_calls", "Calls to providers through the gateway", ["api", "status"], registry=registry
        )
        self.response_time = Histogram(
            "api_response_time_seconds",
            "Time of such a call",
            ["api"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.field_usage = Counter(
            "enrichment_provider_field_usage",
            "Steps of the waterfall",
            ["provider", "field", "outcome"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "enrichment_dead_letters", "Requests handed to the dead-letter queue", registry=registry
        )
        self.in_flight = Gauge(
            "enrichment_worker_in_flight", "Queued tracks worked on now", registry=registry
        )
        self.put_back = Counter(
            "enrichment_worker_put_back", "Messages put back to be tried again later", registry=registry
        )
        self.pause_seconds = Gauge(
            "enrichment_worker_pause_seconds",
            "For how long the worker takes no more work, because nobody can be asked",
            registry=registry,
        )
        self.degraded = Gauge(
            "enrichment_degraded_tracks",
            "Tracks with values that would be better had the provider been there; of the replica that looks",
            ["provider"],
            registry=registry,
        )
        self.revisits = Counter(
            "enrichment_revisits_queued",
            "Tracks queued again because the provider is back",
            ["provider"],
            registry=registry,
        )
        self.config_version = Gauge(
            "enrichment_configuration_version", "Version of the waterfall in force", registry=registry
        )

    def show_degraded(self, tracks: Mapping[str, int]) -> None:
        """Tracks in Gold that each provider's absence made worse."""
        self.degraded.clear()
        for provider, count in tracks.items():
            self.degraded.labels(provider).set(count)

    def count_calls(self, gathered: Gathered) -> None:
        """Count the calls of one track."""
        for answer in gathered.answers:
            self.api_calls.labels(answer.provider, answer.outcome.value).inc()
            self.response_time.labels(answer.provider).observe(answer.latency_ms / 1000)

    def count_steps(self, resolution: Resolution) -> None:
        """Count the waterfall's steps of one track."""
        for step in resolution.steps:
            self.field_usage.labels(step.provider, step.field, step.outcome).inc()

    def count_end(self, status: str, seconds: float) -> None:
        """Count how an enrichment ended."""
        self.tracks.labels(status).inc()
        self.duration.labels(status).observe(seconds)
