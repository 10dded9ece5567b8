"""Keeps the evidence of the newest tracks in memory between two previews."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import psycopg

from backend.services.common.database import Pool
from backend.services.metadata_enrichment.replay.columns import Columns
from backend.services.metadata_enrichment.replay.evidence_rows import (
    finished_since,
    read_newest,
    read_tracks,
)
from backend.services.metadata_enrichment.replay.evidence_set import EvidenceSet

MOST_RESPONSES = 200_000
"""Answers held at most, 1.2 kB each; of more tracks the newest are held."""
IDLE_SECONDS = 600.0
"""Unused for so long, the memory is given back."""
_OVERLAP = timedelta(seconds=30)
"""A request's end is stamped this long before its rows can be seen, at most."""
_ROOM = 1.1
"""So far the bound may be passed by what comes between two previews; then all is read anew."""
_CHANGES_A_TRACK = 4
"""After so many changes a track on average, all is read anew rather than kept on."""

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class EvidenceStore:
    """One evidence set: that of the number of tracks asked for last. Used by one at a time."""

    def __init__(self, pool: Pool, most_responses: int = MOST_RESPONSES) -> None:
        self._pool = pool
        self._most_responses = most_responses
        self._columns: Columns | None = None
        self._tracks = 0
        self._looked_at: datetime | None = None
        self._requests: frozenset[str] = frozenset()
        """The newest ones that were taken into account."""
        self._idle: asyncio.TimerHandle | None = None

    async def newest(self, tracks: int) -> Columns:
        """The newest tracks, at most so many, as they are now. psycopg errors pass through."""
        self._stay_awake()
        async with self._pool.connection() as connection:
            columns = self._columns
            if columns is not None and self._tracks == tracks:
                await self._take_up(connection, columns.held)
            if columns is None or self._tracks != tracks or self._is_worn(columns.held):
                self._columns = columns = None  # given back before the next one is read
                self._columns = columns = await self._read(connection, tracks)
        return columns

    async def _read(self, connection: Connection, tracks: int) -> Columns:
        now = await _clock(connection)
        self._requests = frozenset(await finished_since(connection, now - _OVERLAP))
        found = await read_newest(connection, tracks, self._most_responses)
        held = EvidenceSet(tracks)
        held.put(found)
        self._tracks, self._looked_at = tracks, now
        return Columns(held)

    async def _take_up(self, connection: Connection, held: EvidenceSet) -> None:
        since, now = self._looked_at, await _clock(connection)
        arrived = await finished_since(connection, (since or now) - _OVERLAP)
        new = {track for request, track in arrived.items() if request not in self._requests}
        if new:
            held.put(await read_tracks(connection, sorted(new)))
        self._requests, self._looked_at = frozenset(arrived), now

    def _is_worn(self, held: EvidenceSet) -> bool:
        changes = _CHANGES_A_TRACK * max(1000, held.capacity)
        return len(held.changes) > changes or held.responses > self._most_responses * _ROOM

    def _stay_awake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._forget)

    def _forget(self) -> None:
        self._columns, self._idle = None, None


async def _clock(connection: Connection) -> datetime:
    row = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
    if row is None:
        raise psycopg.InternalError("the database did not tell the time")
    moment: datetime = row[0]
    return moment
