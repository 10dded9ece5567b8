"""What a provider means to enrichment, read from the databases. Each question is one indexed query."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import psycopg

from backend.contracts.errors import OperatorError
from backend.contracts.live import FieldUse
from backend.database.address import DatabaseAddress

_SOURCES = """
SELECT field, provider FROM waterfall_api_configuration JOIN waterfall_config_in_force USING (version)
WHERE enabled ORDER BY field, position
"""
_GIVEN_BY = """
SELECT held.provider, count(*) FROM enriched_tracks AS track JOIN field_provenance AS held USING (track_id)
WHERE track.enriched_at >= %s AND held.field = ANY(%s) GROUP BY held.provider
"""
_DEGRADED = "SELECT count(*) FROM enriched_tracks WHERE degraded AND enriched_at >= %s"
_DEAD_LETTERS = "SELECT count(*) FROM dead_letters.messages WHERE failed_at >= %s AND provider = %s"
_NOT_CLOSED_SINCE = """
SELECT min(happened_at) FROM raw_circuit_breaker_events
WHERE provider = %(provider)s AND endpoint = %(endpoint)s AND to_state <> 'closed' AND happened_at > coalesce(
    (SELECT max(happened_at) FROM raw_circuit_breaker_events
     WHERE provider = %(provider)s AND endpoint = %(endpoint)s AND to_state = 'closed'), '-infinity')
"""

Found = TypeVar("Found")


def fields_of(address: DatabaseAddress, provider: str) -> list[FieldUse] | None:
    """Fields that the active waterfall takes from a provider; None when it cannot be read."""

    def read(connection: psycopg.Connection) -> list[FieldUse]:
        sources: dict[str, list[str]] = defaultdict(list)
        for field, source in connection.execute(_SOURCES):
            sources[field].append(source)
        return [
            FieldUse(
                field=field, place=asked.index(provider) + 1, followed_by=asked[asked.index(provider) + 1 :]
            )
            for field, asked in sources.items()
            if provider in asked
        ]

    return _ask(address, read)


def shares_since(
    address: DatabaseAddress, fields: Sequence[str], since: datetime
) -> Mapping[str, float] | None:
    """Share of the values of `fields` in tracks written since, by provider; None when it cannot be read."""

    def read(connection: psycopg.Connection) -> dict[str, float]:
        counts: dict[str, int] = dict(connection.execute(_GIVEN_BY, (since, list(fields))).fetchall())
        total = sum(counts.values())
        return {provider: count / total for provider, count in counts.items()}

    return _ask(address, read)


def degraded_since(address: DatabaseAddress, since: datetime) -> int | None:
    """Tracks written since that are marked degraded; None when it cannot be read."""
    return _ask(address, lambda connection: _number(connection.execute(_DEGRADED, (since,))))


def dead_letters_since(operations: DatabaseAddress, provider: str, since: datetime) -> int | None:
    """Dead letters of a provider that failed since; None when it cannot be read."""
    return _ask(operations, lambda connection: _number(connection.execute(_DEAD_LETTERS, (since, provider))))


def not_closed_since(address: DatabaseAddress, provider: str, endpoint: str) -> datetime | None:
    """When a breaker left the closed state last, if it is known; half-open does not end an outage."""

    def read(connection: psycopg.Connection) -> datetime | None:
        row = connection.execute(_NOT_CLOSED_SINCE, {"provider": provider, "endpoint": endpoint}).fetchone()
        return row[0] if row else None

    return _ask(address, read)


def _ask(address: DatabaseAddress, read: Callable[[psycopg.Connection], Found]) -> Found | None:
    try:
        with _reading(address) as connection:
            return read(connection)
    except (OperatorError, psycopg.Error):
        return None  # the contract's word for what cannot be read; the rest is still worth showing


@contextmanager
def _reading(address: DatabaseAddress) -> Iterator[psycopg.Connection]:
    with address.connect(autocommit=True, connect_timeout=2) as connection:
        connection.execute("SET default_transaction_read_only = on")
        connection.execute("SET statement_timeout = '5s'")
        yield connection


def _number(cursor: psycopg.Cursor) -> int:
    row = cursor.fetchone()
    return int(row[0]) if row else 0
