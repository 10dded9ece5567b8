"""Read-only production for the window: how an environment stands, unlocking and locking it."""

from app.environments import Environments
from app.write_access import WriteAccess
from backend.contracts.access import AccessState


class Access:
    """The access port of the controllers, and what the command line uses."""

    def __init__(self, environments: Environments, access: WriteAccess) -> None:
        self._environments = environments
        self._access = access

    def state(self, environment: str) -> AccessState:
        """How the environment stands now."""
        return self._access.state(self._environments.get(environment))

    def unlock(self, environment: str, minutes: int, reason: str) -> AccessState:
        """Allow changes for a while."""
        return self._access.unlock(self._environments.get(environment), minutes, reason)

    def lock(self, environment: str) -> AccessState:
        """Make it read-only again now."""
        return self._access.lock(self._environments.get(environment))
