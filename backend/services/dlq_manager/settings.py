"""Settings of the dead-letter manager."""

from pydantic import Field

from backend.services.common.settings import ServiceSettings


class DlqSettings(ServiceSettings):
    """The common settings, and how many dead letters are taken in at once."""

    port: int = Field(default=8021, ge=1, le=65535)
    prefetch: int = Field(default=20, ge=1, le=200)
