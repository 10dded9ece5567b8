"""One enrichment of a track at a time within this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class TrackLocks:
    """A lock a track, kept only while somebody holds or awaits it.

    The second of two equal requests then finds the first one's result in Gold instead of asking the
    providers again. Between processes the writes to Gold are kept apart by the database.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, track_id: str) -> AsyncIterator[None]:
        """Hold the track's lock."""
        lock = self._locks.setdefault(track_id, asyncio.Lock())
        async with lock:
            yield
