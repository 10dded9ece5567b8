"""Settings of the dead-letter manager."""

from pydantic import Field

from backend.services.common.settings import ServiceSettings


class DlqSettings(ServiceSettings):
    """The common settings, how many dead letters are taken in at once, and for how long they are kept."""

    port: int = Field(default=8021, ge=1, le=65535)
    prefetch: int = Field(default=200, ge=1, le=1000)
    gateway_url: str = "http://127.0.0.1:8022"
    sandbox: bool = False
    """Every provider is simulated: bundles of other stacks may be replayed here."""
    resolved_days: int = Field(default=30, ge=1, le=3650)
    """Days after which the bytes of a resolved letter are purged; its row, its proof and its history stay."""
    discarded_days: int = Field(default=90, ge=30, le=3650)
    """Days for which a discarded letter can be taken back; then its bytes are purged."""
