"""What the controllers ask about read-only environments. Blocks, and raises OperatorError."""

from typing import Protocol

from backend.contracts.access import AccessState


class AccessPort(Protocol):
    """Tells whether an environment may be changed from here, and unlocks it for a while."""

    def state(self, environment: str) -> AccessState:
        """How the environment stands now."""

    def unlock(self, environment: str, minutes: int, reason: str) -> AccessState:
        """Allow changes for `minutes`."""

    def lock(self, environment: str) -> AccessState:
        """Make it read-only again now."""
