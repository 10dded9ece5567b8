"""The answer cache: a port, its in-process adapter.

Only answers are kept, errors never. A provider's "not found" is an answer too; it is kept for a day and
longer each time it repeats, up to a week.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from backend.contracts.gateway import TrackCandidate

DAY = 86_400.0
STALE_SECONDS = 7 * DAY
"""How long an answer past its time may still stand in while its provider fails."""
_NEGATIVE_CAP = 7 * DAY

Key = tuple[str, ...]
"""Provider, operation, adapter version, then the normalised parameters, each in its own place: parameters
joined into one text would let `a:b`/`c` answer `a`/`b:c`."""


@dataclass(frozen=True)
class CachedAnswer:
    """What a provider answered: the candidates (none: it has no such track) and the row of its bytes."""

    candidates: tuple[TrackCandidate, ...]
    response_id: str | None


@dataclass(frozen=True)
class Entry:
    """A kept answer. `misses`: how often in a row the provider had nothing."""

    answer: CachedAnswer
    fresh_until: float
    misses: int = 0


class Cache(Protocol):
    """Where answers are kept."""

    def get(self, key: Key) -> Entry | None:
        """The entry, fresh or stale."""

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry."""

    def count(self, provider: str) -> int:
        """Entries of one provider."""


class MemoryCache:
    """Least-recently-used entries of one process."""

    def __init__(self, clock: Callable[[], float], capacity: int = 20_000) -> None:
        self._clock = clock
        self._capacity = capacity
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._per_provider: dict[str, int] = {}

    def get(self, key: Key) -> Entry | None:
        """The entry, fresh or stale; gone when it is too old even for that."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock() > entry.fresh_until + STALE_SECONDS:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry, at the cost of the one unused for longest when full."""
        if key not in self._entries:
            self._per_provider[key[0]] = self.count(key[0]) + 1
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._forget(next(iter(self._entries)))

    def count(self, provider: str) -> int:
        """Entries of one provider."""
        return self._per_provider.get(provider, 0)

    def _forget(self, key: Key) -> None:
        del self._entries[key]
        self._per_provider[key[0]] -= 1


def entry_for(answer: CachedAnswer, now: float, positive_seconds: float, before: Entry | None) -> Entry:
    """An entry with its time to live; `before` is what the cache held for the same key."""
    if answer.candidates:
        return Entry(answer, now + positive_seconds)
    misses = 1 + (before.misses if before is not None else 0)
    return Entry(answer, now + min(DAY * 2 ** (misses - 1), _NEGATIVE_CAP), misses)
