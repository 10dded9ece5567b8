"""What the console reads from the three layers. Every question tolerates a schema that is not there yet."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from backend.contracts.enrichment import LayerRows
from backend.contracts.stack import LayerCounts
from backend.database.address import DatabaseAddress

_COUNTS = """
SELECT (SELECT count(*) FROM raw_track_enrichment_requests),
       (SELECT count(*) FROM enrichment_requests),
       (SELECT count(*) FROM enriched_tracks)
"""
_THROUGHPUT = """
SELECT minute,
       count(r.*) FILTER (WHERE r.status <> 'failed'),
       count(r.*) FILTER (WHERE r.status = 'failed')
FROM generate_series(date_trunc('minute', now()) - interval '59 minutes',
                     date_trunc('minute', now()), interval '1 minute') AS minute
LEFT JOIN enrichment_requests r
       ON r.finished_at >= minute AND r.finished_at < minute + interval '1 minute'
GROUP BY minute ORDER BY minute
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_SOURCES = """
SELECT count(*) FROM waterfall_api_configuration
WHERE enabled AND version = (SELECT version FROM waterfall_config_in_force)
"""
_LAYERS = (
    ("bronze", "raw_track_enrichment_requests", "received_at"),
    ("silver", "enrichment_requests", "received_at"),
    ("gold", "enriched_tracks", "enriched_at"),
)


def layer_counts(address: DatabaseAddress) -> LayerCounts | None:
    """Rows in each layer; None while the layers' tables are not there. OperatorError without a database."""
    row = _ask(address, _COUNTS)
    return LayerCounts(bronze=row[0][0], silver=row[0][1], gold=row[0][2]) if row else None


def throughput(address: DatabaseAddress) -> Sequence[tuple[datetime, int, int]]:
    """Per minute of the last hour: its start, tracks enriched, tracks failed. Empty without the tables."""
    return [(minute, done, failed) for minute, done, failed in _ask(address, _THROUGHPUT) or ()]


def rows_of_track(address: DatabaseAddress, track_id: str) -> LayerRows:
    """The track's rows in each layer, oldest first, values as JSON knows them."""
    found: dict[str, list[dict[str, Any]]] = {}
    with address.connect(autocommit=True) as connection:
        connection.row_factory = dict_row  # type: ignore[assignment]
        for layer, table, order in _LAYERS:
            statement = f"SELECT * FROM {table} WHERE track_id = %s ORDER BY {order}"  # noqa: S608
            try:
                rows = connection.execute(statement.encode(), (track_id,)).fetchall()
            except psycopg.errors.UndefinedTable:
                rows = []
            found[layer] = [_plain(row) for row in rows]
    return LayerRows(track_id=track_id, **found)


def table_names(address: DatabaseAddress) -> set[str]:
    """Names of the tables in the schema `public`."""
    return {name for (name,) in _ask(address, _TABLES) or ()}


def enabled_sources(address: DatabaseAddress) -> int:
    """Enabled rows of the waterfall in force; 0 without the table."""
    rows = _ask(address, _SOURCES)
    return int(rows[0][0]) if rows else 0


def waterfall_version(address: DatabaseAddress) -> str | None:
    """Number of the waterfall version in force; None without one."""
    rows = _ask(address, "SELECT version FROM waterfall_config_in_force")
    return str(rows[0][0]) if rows else None


def last_migrations(address: DatabaseAddress, count: int) -> list[dict[str, Any]]:
    """The newest rows of `schema_migrations`; empty without the table."""
    statement = "SELECT to_jsonb(m) FROM schema_migrations m ORDER BY applied_at DESC LIMIT %s"
    return [row for (row,) in _ask(address, statement, (count,)) or ()]


def _ask(
    address: DatabaseAddress, statement: str, values: Sequence[object] = ()
) -> list[tuple[Any, ...]] | None:
    """Rows of a question; None when a table or view it names is not there."""
    with address.connect(autocommit=True) as connection:
        try:
            return connection.execute(statement.encode(), values or None).fetchall()
        except psycopg.errors.UndefinedTable:
            return None


def _plain(row: object) -> dict[str, Any]:
    """A row with values that JSON has: times and identifiers as text."""
    plain: dict[str, Any] = json.loads(json.dumps(row, default=str))
    return plain
