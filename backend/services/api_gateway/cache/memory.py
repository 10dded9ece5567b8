"""The cache of one process: the least recently used entries go first, by number and by bytes."""

from collections import OrderedDict
from collections.abc import Callable

from backend.services.api_gateway.cache.answers import Entry, Key
from backend.services.api_gateway.cache.generations import Generations, Scope
from backend.services.api_gateway.cache.port import Ask
from backend.services.api_gateway.providers.adapter import Reply

_OVERHEAD = 600
"""Bytes an entry takes besides its texts: objects, key, its place in the order (measured)."""


class MemoryCache:
    """Entries of one process, at most `capacity` of them and about `largest_size` bytes."""

    def __init__(
        self, clock: Callable[[], float], capacity: int = 20_000, largest_size: int = 64 * 1024 * 1024
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._largest_size = largest_size
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._per_provider: dict[str, int] = {}
        self.generations = Generations()
        self.size = 0
        """Bytes of all entries, about."""

    def at_hand(self, key: Key) -> Entry | None:
        """The entry, fresh or stale; gone when it is too old even for that."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock() > entry.gone_at:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return entry

    async def get(self, key: Key) -> Entry | None:
        """The same: there is no other place."""
        return self.at_hand(key)

    async def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry, at the cost of those unused for longest when full."""
        self.keep(key, entry)

    def keep(self, key: Key, entry: Entry) -> None:
        """`put` without waiting."""
        if entry.generation != self.generations.of(key):
            return
        if key in self._entries:
            self._forget(key)
        size = _size(key, entry)
        if size > self._largest_size:
            return
        self._entries[key] = entry
        self._per_provider[key[0]] = self.count(key[0]) + 1
        self.size += size
        while len(self._entries) > self._capacity or self.size > self._largest_size:
            self._forget(next(iter(self._entries)))

    def generation(self, key: Key) -> str:
        """What has been invalidated so far."""
        return self.generations.of(key)

    async def invalidate(self, provider: str, operation: str | None = None) -> bool:
        """Forget a provider's answers, or those of one operation."""
        self.generations.renew((provider, operation))
        self.drop((provider, operation))
        return True

    def drop(self, scope: Scope) -> None:
        """Forget the entries of a scope."""
        provider, operation = scope
        for key in [k for k in self._entries if k[0] == provider and operation in {None, k[1]}]:
            self._forget(key)

    async def ask_once(self, key: Key, ask: Ask) -> Reply:  # noqa: ARG002
        """What `ask` gives: within a process it is the single flight that lets one ask for all."""
        return await ask()

    def count(self, provider: str) -> int:
        """Entries of one provider."""
        return self._per_provider.get(provider, 0)

    def _forget(self, key: Key) -> None:
        entry = self._entries.pop(key)
        self._per_provider[key[0]] -= 1
        self.size -= _size(key, entry)


def _size(key: Key, entry: Entry) -> int:
    return _OVERHEAD + len(entry.results) + sum(map(len, key))
