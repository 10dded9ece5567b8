"""What the music database knows that matters here: later successes, and what a track costs in calls.

Only read, with connections that are closed at once: a rollback of that database must find nobody in it.
"""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg
import structlog

from backend.contracts.dead_letter_views import Superseded
from backend.services.dlq_manager.business_key import names_of

_PATIENCE_MS = 800
_KEPT_SECONDS = 300.0
_AWAY_SECONDS = 5.0
"""A database that is away is not asked again before."""
_log = structlog.get_logger()

_SUPERSEDED: LiteralString = """
SELECT l.place, e.track_id, e.request_id::text, e.enriched_at
FROM unnest(%s::int[], %s::text[], %s::timestamptz[]) AS l (place, track_id, failed_at)
JOIN enriched_tracks AS e USING (track_id) WHERE e.enriched_at > l.failed_at
"""
# By what the request was called, for letters without a track id; found by the index over its words.
_SUPERSEDED_BY_NAME: LiteralString = """
SELECT l.place, e.track_id, e.request_id::text, e.enriched_at
FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
    AS l (place, artist, title, pattern, failed_at)
CROSS JOIN LATERAL (
    SELECT e.track_id, e.request_id, e.enriched_at
    FROM enrichment_requests AS r JOIN enriched_tracks AS e ON e.request_id = r.id
    WHERE (r.artist_name || ' ' || r.track_title || ' ' || r.track_id) ILIKE l.pattern
        AND lower(regexp_replace(btrim(r.artist_name), '[[:space:]]+', ' ', 'g')) = lower(l.artist)
        AND lower(regexp_replace(btrim(r.track_title), '[[:space:]]+', ' ', 'g')) = lower(l.title)
        AND e.enriched_at > l.failed_at
    ORDER BY e.enriched_at LIMIT 1
) AS e
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
        self._away_until = 0.0

    async def superseded(self, letters: Sequence[tuple[str, datetime]]) -> Mapping[int, Superseded] | None:
        """Of letters with these business keys that failed at these times: the places of those superseded."""
        tracks = [(place, key, at) for place, (key, at) in enumerate(letters) if names_of(key) is None]
        named = [
            (place, *names, _pattern(names), at)
            for place, (key, at) in enumerate(letters)
            if (names := names_of(key)) is not None
        ]
        rows: list[tuple[Any, ...]] = []
        for statement, wanted in ((_SUPERSEDED, tracks), (_SUPERSEDED_BY_NAME, named)):
            if not wanted:
                continue
            found = await self._rows(statement, [list(column) for column in zip(*wanted, strict=True)])
            if found is None:
                return None
            rows += found
        return {
            place: Superseded(track_id=track, request_id=request, enriched_at=at)
            for place, track, request, at in rows
        }

    async def calls_per_track(self) -> Mapping[str, float] | None:
        """Calls that one track caused lately, by provider; empty when no track was enriched lately."""
        if time.monotonic() >= self._until:
            rows = await self._rows(_CALLS, ())
            self._calls = None if rows is None else {provider: calls for provider, calls in rows if calls}
            self._until = time.monotonic() + (_KEPT_SECONDS if rows is not None else _AWAY_SECONDS)
        return self._calls

    async def _rows(self, statement: LiteralString, arguments: Sequence[Any]) -> list[tuple[Any, ...]] | None:
        if time.monotonic() < self._away_until:
            return None
        options = f"-c statement_timeout={_PATIENCE_MS} -c default_transaction_read_only=on"
        try:
            async with await psycopg.AsyncConnection.connect(
                **{**self._arguments, "connect_timeout": 1, "options": options}, autocommit=True
            ) as connection:
                return await (await connection.execute(statement, arguments)).fetchall()
        except psycopg.Error as error:
            if not isinstance(error, psycopg.errors.QueryCanceled):
                self._away_until = time.monotonic() + _AWAY_SECONDS
            _log.warning("music_database_not_read", reason=type(error).__name__)
            return None


def _pattern(names: tuple[str, str]) -> str:
    """For ILIKE: both names in their order. It finds a few, of which the exact ones are taken."""
    escaped = [re.sub(r"([\\%_])", r"\\\1", name).replace(" ", "%") for name in names]
    return f"%{escaped[0]}%{escaped[1]}%"
