"""What the console reads from the music database: layers, rows of one track, throughput.

Nothing here writes, and every session is read-only. A schema that is not there (before the first
migration, after a rollback) is an answer, not an error; a server that does not answer is one.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from backend.contracts.enrichment import LayerRows
from backend.contracts.stack import LayerCounts
from backend.database.address import DatabaseAddress, DatabaseMissingError

# The table of each layer that has rows a track, and its column of time.
_BRONZE = ("raw_track_enrichment_requests", "received_at")
_SILVER = ("enrichment_requests", "received_at")
_GOLD = ("enriched_tracks", "enriched_at")
_LAYERS = (_BRONZE, _SILVER, _GOLD)

_THROUGHPUT = """
SELECT date_trunc('minute', finished_at) AS minute,
       count(*) FILTER (WHERE status IN ('completed', 'partial', 'cached')),
       count(*) FILTER (WHERE status = 'failed')
FROM enrichment_requests
WHERE finished_at >= date_trunc('minute', now()) - interval '59 minutes'
GROUP BY 1
"""
_MINUTES = """
SELECT generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()),
                       interval '1 minute')
"""
_VISIBLE_TABLES = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid) AND relnamespace <> 'pg_catalog'::regnamespace
"""
_ENABLED = sql.SQL("SELECT count(*) FROM {} WHERE enabled").format(
    sql.Identifier("waterfall_api_configuration")
)
_ACTIVE_VERSION = "SELECT version FROM waterfall_config_activations ORDER BY id DESC LIMIT 1"


def table_names(address: DatabaseAddress) -> frozenset[str]:
    """Names of the tables on the search path; none when the database is missing."""
    with _reading(address) as connection:
        return _tables(connection) if connection else frozenset()


def enabled_sources(address: DatabaseAddress) -> int:
    """Enabled rows of the waterfall configuration; 0 when there is none."""
    with _reading(address) as connection:
        if connection is None or "waterfall_api_configuration" not in _tables(connection):
            return 0
        return _number(connection, _ENABLED)


def active_waterfall_version(address: DatabaseAddress) -> str:
    """Number of the waterfall version in use; empty when there is none."""
    with _reading(address) as connection:
        if connection is None or "waterfall_config_activations" not in _tables(connection):
            return ""
        row = connection.execute(_ACTIVE_VERSION).fetchone()
        return str(row[0]) if row else ""


def layer_counts(address: DatabaseAddress) -> LayerCounts | None:
    """Requests in Bronze and Silver and tracks in Gold; None when a layer is missing."""
    tables = [table for table, _ in _LAYERS]
    with _reading(address) as connection:
        if connection is None or not _tables(connection).issuperset(tables):
            return None
        count = sql.SQL("SELECT count(*) FROM {}")
        bronze, silver, gold = (_number(connection, count.format(sql.Identifier(one))) for one in tables)
        return LayerCounts(bronze=bronze, silver=silver, gold=gold)


def rows_of_track(address: DatabaseAddress, track_id: str) -> LayerRows:
    """One track's rows in the three layers, newest first, at most 50 of each; empty where a layer is missing.

    Values are those JSON knows; times and numbers keep their text.
    """
    with _reading(address) as connection:
        present = _tables(connection) if connection else frozenset()
        bronze, silver, gold = (
            _rows(connection, table, order, track_id) if connection and table in present else []
            for table, order in _LAYERS
        )
    return LayerRows(track_id=track_id, bronze=bronze, silver=silver, gold=gold)


def throughput(address: DatabaseAddress) -> tuple[tuple[datetime, int, int], ...]:
    """Per minute of the last hour: its start, tracks enriched, tracks failed. Empty without Silver."""
    with _reading(address) as connection:
        if connection is None or "enrichment_requests" not in _tables(connection):
            return ()
        measured = {minute: (done, failed) for minute, done, failed in connection.execute(_THROUGHPUT)}
        return tuple((minute, *measured.get(minute, (0, 0))) for (minute,) in connection.execute(_MINUTES))


@contextmanager
def _reading(address: DatabaseAddress) -> Iterator[psycopg.Connection | None]:
    """A read-only connection; None when the database does not exist."""
    try:
        connection = address.connect(autocommit=True)
    except DatabaseMissingError:
        yield None
        return
    with connection:
        connection.execute("SET default_transaction_read_only = on")
        connection.execute("SET statement_timeout = '10s'")
        yield connection


def _tables(connection: psycopg.Connection) -> frozenset[str]:
    return frozenset(name for (name,) in connection.execute(_VISIBLE_TABLES))


def _number(connection: psycopg.Connection, query: sql.Composed) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _rows(connection: psycopg.Connection, table: str, order: str, track_id: str) -> Sequence[dict[str, Any]]:
    query = sql.SQL(
        "SELECT to_jsonb(t)::text FROM {} t WHERE track_id = %s ORDER BY {} DESC LIMIT 50"
    ).format(sql.Identifier(table), sql.Identifier(order))
    return [json.loads(text) for (text,) in connection.execute(query, (track_id,))]
