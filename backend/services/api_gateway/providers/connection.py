"""What an adapter is built from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True)
class Connection:
    """How the gateway reaches one provider, and as whom."""

    user_agent: str
    """Name, version and contact of the caller."""
    clock: Callable[[], float]
    """Seconds that only ever grow, for what an adapter keeps for a while, such as a token."""
    simulator_url: str | None = None
    """Base address of the provider simulator, without a trailing slash; none: the real provider is called."""
    credentials: Mapping[str, SecretStr] = field(default_factory=dict)
    """Those of this provider's registration that are known, by name."""

    def address(self, live: str, simulated: str) -> str:
        """The provider's base address: `live`, or the path `simulated` at the simulator."""
        return live if self.simulator_url is None else f"{self.simulator_url}/{simulated}"
