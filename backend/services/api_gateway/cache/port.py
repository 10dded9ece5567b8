"""The port of the answer cache."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from backend.services.api_gateway.cache.answers import Entry, Key
from backend.services.api_gateway.providers.adapter import Reply

Ask = Callable[[], Awaitable[Reply]]
"""Asks the provider, and puts what may be kept into the cache."""


class Cache(Protocol):
    """Where answers are kept. No method raises for what the place they are kept in does."""

    def at_hand(self, key: Key) -> Entry | None:
        """The entry as far as this process holds it, fresh or stale; costs no I/O."""

    async def get(self, key: Key) -> Entry | None:
        """The entry, fresh or stale, wherever it is kept."""

    async def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry, unless its kind was invalidated since it was asked for."""

    async def ask_once(self, key: Key, ask: Ask) -> Reply | Entry:
        """What `ask` gives; or, while another replica asks for `key`, the fresh entry that one leaves."""

    def generation(self, key: Key) -> str:
        """What has been invalidated so far; an entry carries the generation of when it was asked for."""

    async def invalidate(self, provider: str, operation: str | None = None) -> bool:
        """Forget a provider's answers, or those of one operation. False: other replicas do not know yet."""

    def count(self, provider: str) -> int:
        """Entries of one provider in this process."""
