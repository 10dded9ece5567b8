"""Settings of the metadata-enrichment service."""

from pydantic import Field

from backend.services.common.settings import ServiceSettings


class EnrichmentSettings(ServiceSettings):
    """The common settings, where the gateway is, and how much is done at once."""

    port: int = Field(default=8020, ge=1, le=65535)
    gateway_url: str = "http://127.0.0.1:8022"
    gateway_timeout_seconds: float = Field(default=30.0, gt=0)
    worker_concurrency: int = Field(default=4, ge=1, le=32)
