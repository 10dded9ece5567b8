"""One enrichment of a track at a time, in all processes on all machines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self
from weakref import WeakValueDictionary

import psycopg
import structlog

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

POLL_SECONDS = 0.2
"""How often a lock that another process holds is tried again."""
# Not the key under which Gold is written: that lock is taken by another session than this one.
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 2))"
_GIVE = "SELECT pg_advisory_unlock(hashtextextended(%s, 2))"
# A machine that vanishes is noticed within half a minute, and not after the two hours that TCP would take.
_SOON = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"

_log = structlog.get_logger()


class TrackLocks:
    """A lock a track. The second of two equal requests then finds the first one's result.

    All locks of this process belong to one connection of its own, so none of the pool is held while the
    providers are asked, and the locks of a process that dies are free at once. Should that connection
    break, two may work on one track; the writes to Silver and Gold keep them apart then.
    """

    def __init__(self, connect_arguments: dict[str, Any]) -> None:
        self._connect_arguments = connect_arguments
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self._in_process: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    @asynccontextmanager
    async def held(self, track_id: str) -> AsyncIterator[None]:
        """Hold the track's lock; waits for it. psycopg.OperationalError when the database is away."""
        # One session may take a lock of its own twice, so within the process this one keeps order.
        lock = self._in_process.setdefault(track_id, asyncio.Lock())
        async with lock:
            try:
                await self._wait_for(track_id)
                yield
            finally:
                await self._give_back(track_id)

    async def _wait_for(self, track_id: str) -> None:
        while True:
            if await self._take(track_id):
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _take(self, track_id: str) -> bool:
        try:
            return await self._run(_TAKE, track_id)
        except psycopg.OperationalError:
            if self._connection is None or not self._connection.closed:
                raise
        return await self._run(_TAKE, track_id)  # the server was restarted since the last lock

    async def _give_back(self, track_id: str) -> None:
        if self._connection is None or self._connection.closed:
            return  # its locks ended with it
        try:
            await self._run(_GIVE, track_id)
        except psycopg.OperationalError as error:
            _log.warning("track_lock_lost", track_id=track_id, reason=type(error).__name__)

    async def _run(self, statement: str, track_id: str) -> bool:
        async with self._turn:
            connection = await self._connected()
            cursor = await connection.execute(statement, (track_id,))
            row = await cursor.fetchone()
        return bool(row and row[0])

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            arguments = {**self._connect_arguments, "application_name": "track locks", "autocommit": True}
            connection = await psycopg.AsyncConnection.connect(**arguments)
            await connection.execute(_SOON)
            self._connection = connection
        return self._connection
