"""Sample unlockings, kept in memory."""

from datetime import timedelta

from backend.contracts.access import AccessState
from backend.contracts.errors import OperatorError
from controllers.clock import Clock


class SampleAccess:
    """The access port: `production` is protected, and locked at first; `error` makes unlocking fail."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._unlocked: AccessState | None = None
        self.error: OperatorError | None = None

    def state(self, environment: str) -> AccessState:
        """As it stands by the clock."""
        kept = self._unlocked
        if kept is not None and kept.until is not None and self._clock() < kept.until:
            return kept
        return AccessState(environment=environment, protected=environment == "production")

    def unlock(self, environment: str, minutes: int, reason: str) -> AccessState:
        """Unlock it."""
        if self.error is not None:
            raise self.error
        until = self._clock() + timedelta(minutes=minutes)
        self._unlocked = AccessState(
            environment=environment, protected=True, until=until, by="lea@desk-2", reason=reason
        )
        return self._unlocked

    def lock(self, environment: str) -> AccessState:
        """Lock it."""
        self._unlocked = None
        return self.state(environment)
