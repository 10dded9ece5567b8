"""Settings of the metadata-enrichment service."""

from pydantic import Field

from backend.services.common.settings import ServiceSettings


class EnrichmentSettings(ServiceSettings):
    """The common settings, where the gateway is, and how much is done at once."""

    port: int = Field(default=8020, ge=1, le=65535)
    worker_port: int = Field(default=0, ge=0, le=65535)
    """Where a worker answers /health and /metrics; 0: on a free port, which its log names."""
    gateway_url: str = "http://127.0.0.1:8022"
    gateway_timeout_seconds: float = Field(default=30.0, gt=0)
    worker_concurrency: int = Field(default=4, ge=0, le=64)
    """Queued tracks worked on at once by this process; 0: the service leaves the queue to its workers."""
    revisit_share: float = Field(default=0.25, ge=0, le=1)
    """Share of a provider's limit at which degraded tracks are queued again when it is back; 0: never."""
    revisit_seconds: float = Field(default=15.0, gt=0)
    """How often it is looked whether a provider is back."""
    worker_prefetch: int = Field(default=0, ge=0, le=256)
    """Messages held at once, those that wait in the process included; 0: no more than are worked on."""
    bulk_patience_seconds: float = Field(default=120.0, ge=0, le=900)
    """How long a call for a queued track waits for a provider that the gateway holds back; after that the
    waterfall goes on without it, and the track is revisited when the provider is back."""
