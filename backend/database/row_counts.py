"""Exact numbers of rows, a figure a table: what a backup is compared with."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

_TABLES = """
SELECT n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1, 2
"""


def count_rows(connection: psycopg.Connection) -> Mapping[str, int]:
    """Rows per table, keyed `schema.table`, as the connection's transaction sees them."""
    counts = {}
    for schema, table in connection.execute(_TABLES.encode()).fetchall():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
        counts[f"{schema}.{table}"] = int(row[0]) if row else 0
    return counts


def differences(expected: Mapping[str, int], found: Mapping[str, int]) -> tuple[str, ...]:
    """What disagrees, one phrase a table."""
    return tuple(
        f"{table}: {_rows(expected.get(table))} expected, {_rows(found.get(table))} found"
        for table in sorted(expected.keys() | found.keys())
        if expected.get(table) != found.get(table)
    )


def _rows(count: int | None) -> str:
    return "no table" if count is None else f"{count:,} rows"
