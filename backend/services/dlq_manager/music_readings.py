"""What the music database knows that matters here: later successes, and what a track costs in calls.

Only read, with connections that are closed at once: a rollback of that database must find nobody in it.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg
import structlog

_PATIENCE_MS = 800
_KEPT_SECONDS = 300.0
_AWAY_SECONDS = 5.0
"""A database that is away is not asked again before."""
_log = structlog.get_logger()

_SUPERSEDED: LiteralString = """
SELECT l.place, e.request_id::text
FROM unnest(%s::int[], %s::text[], %s::timestamptz[]) AS l (place, track_id, failed_at)
JOIN enriched_tracks AS e USING (track_id) WHERE e.enriched_at > l.failed_at
"""
# Answers from the cache have the provider's response of an earlier call, and are counted with that one alone.
_CALLS: LiteralString = """
WITH recent AS (
    SELECT provider, request_id, raw_response_id FROM api_responses
    WHERE id > (SELECT max(id) - 20000 FROM api_responses) AND received_at > now() - interval '7 days'
)
SELECT provider, count(DISTINCT raw_response_id)::float / (SELECT count(DISTINCT request_id) FROM recent)
FROM recent GROUP BY provider
"""


class MusicReadings:
    """Reads with `connect_arguments` of psycopg. None: the database cannot be asked now."""

    def __init__(self, connect_arguments: dict[str, Any]) -> None:
        self._arguments = connect_arguments
        self._calls: Mapping[str, float] | None = None
        self._until = 0.0

    async def superseded(self, letters: Sequence[tuple[str, datetime]]) -> Mapping[int, str] | None:
        """Of tracks that failed at these times: the places of those enriched since, with the request."""
        places = list(range(len(letters)))
        keys, times = [key for key, _ in letters], [at for _, at in letters]
        rows = await self._rows(_SUPERSEDED, (places, keys, times))
        return None if rows is None else dict(rows)

    async def calls_per_track(self) -> Mapping[str, float] | None:
        """Calls that one track caused lately, by provider; empty when no track was enriched lately."""
        if time.monotonic() >= self._until:
            rows = await self._rows(_CALLS, ())
            self._calls = None if rows is None else {provider: calls for provider, calls in rows if calls}
            self._until = time.monotonic() + (_KEPT_SECONDS if rows is not None else _AWAY_SECONDS)
        return self._calls

    async def _rows(self, statement: LiteralString, arguments: Sequence[Any]) -> list[tuple[Any, ...]] | None:
        options = f"-c statement_timeout={_PATIENCE_MS} -c default_transaction_read_only=on"
        try:
            async with await psycopg.AsyncConnection.connect(
                **{**self._arguments, "connect_timeout": 1, "options": options}, autocommit=True
            ) as connection:
                return await (await connection.execute(statement, arguments)).fetchall()
        except psycopg.Error as error:
            _log.warning("music_database_not_read", reason=type(error).__name__)
            return None
