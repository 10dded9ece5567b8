"""Where the slots of a provider account are kept: the port, and the adapter for one process alone."""

from typing import Protocol

from backend.services.api_gateway.gate.ledger import Ledger, View
from backend.services.api_gateway.gate.limit import SECOND, Clock, RateLimit


class GateStore(Protocol):
    """Keeps a `Ledger`; its methods are the ledger's. Times are microseconds of this process's clock."""

    limit: RateLimit

    @property
    def note(self) -> str:
        """What an operator has to know about how the slots are kept; empty when all is well."""

    def view(self) -> View:
        """The gate as far as this process knows, without asking anybody."""

    async def reserve(self, ahead: int, *, bulk: bool) -> View:
        """Book the earliest slot if it is at most `ahead` away."""

    async def close(self, slot: int, wait: int, *, quota: bool, jitter: int, reason: str) -> View:
        """The provider asked the call of `slot` to slow down, for `wait` if it said so (else 0)."""

    async def block(self, reason: str) -> View:
        """The credentials in use were refused."""

    async def unblock(self) -> View:
        """Try the credentials again."""

    async def observe(self, slot: int, ceiling: int, left: int, seconds: float) -> View:
        """What the headers of an answer said; `left` holds for the next `seconds`."""


class LocalStore:
    """One process alone."""

    note = ""

    def __init__(self, limit: RateLimit, clock: Clock, credentials: str = "") -> None:
        self.limit = limit
        self._clock = clock
        self._ledger = Ledger(limit, credentials)

    def view(self) -> View:
        """The gate as it stands."""
        return self._ledger.view(self._now())

    async def reserve(self, ahead: int, *, bulk: bool) -> View:
        """Book the earliest slot if it is at most `ahead` away."""
        return self._ledger.reserve(self._now(), ahead, bulk=bulk)

    async def close(self, slot: int, wait: int, *, quota: bool, jitter: int, reason: str) -> View:
        """The provider asked the call of `slot` to slow down."""
        return self._ledger.close(self._now(), slot, wait, quota=quota, jitter=jitter, reason=reason)

    async def block(self, reason: str) -> View:
        """The credentials in use were refused."""
        return self._ledger.block(self._now(), reason)

    async def unblock(self) -> View:
        """Try the credentials again."""
        return self._ledger.unblock(self._now())

    async def observe(self, slot: int, ceiling: int, left: int, seconds: float) -> View:
        """What the headers of an answer said."""
        now = self._now()
        return self._ledger.observe(now, slot, ceiling, left, now + round(seconds * SECOND))

    def _now(self) -> int:
        return int(self._clock() * SECOND)
