"""Settings of the provider simulator."""

from pathlib import Path

from pydantic import Field

from backend.sandbox.catalogue import CATALOGUE_FILE
from backend.services.common.settings import ServiceSettings


class SimulatorSettings(ServiceSettings):
    """What the simulator takes from the environment besides the common settings."""

    port: int = Field(default=8030, ge=1, le=65535)
    catalogue: Path = CATALOGUE_FILE
    """`SONGNODES_CATALOGUE`: another catalogue file."""
