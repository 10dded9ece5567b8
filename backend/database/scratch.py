"""Databases that the program makes for itself beside the live one: names, use and removal."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from backend.database.address import DatabaseAddress
from backend.database.databases import MAINTENANCE, drop_database, ensure_database

_LONGEST_NAME = 63


def beside(address: DatabaseAddress, purpose: str, run: str) -> DatabaseAddress:
    """The address of the database that a run uses for a purpose, such as `musicdb_restored_RUN`.

    PostgreSQL cuts longer names silently; here the run is shortened to a digest instead.
    """
    word = re.sub(r"[^a-z0-9]+", "_", run.lower()).strip("_") or "manual"
    name = f"{address.name}_{purpose}_{word}"
    if len(name.encode()) > _LONGEST_NAME:
        digest = hashlib.sha256(run.encode()).hexdigest()[:12]
        name = f"{address.name[:30]}_{purpose}_{digest}"
    return address.with_name(name)


@contextmanager
def scratch_database(address: DatabaseAddress, run: str) -> Iterator[DatabaseAddress]:
    """An empty database for one check, dropped whatever happens; leftovers of killed runs go first."""
    remove_leftovers(address, "verify")
    scratch = beside(address, "verify", run)
    drop_database(scratch)
    ensure_database(scratch)
    try:
        yield scratch
    finally:
        drop_database(scratch)


def remove_leftovers(address: DatabaseAddress, purpose: str) -> None:
    """Drop databases of a purpose that nobody is connected to: their runs were killed."""
    with address.with_name(MAINTENANCE).connect(autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (f"{address.name}_{purpose}_",)
        ).fetchall()
        for (name,) in rows:
            _drop_unless_in_use(connection, name)


def _drop_unless_in_use(connection: psycopg.Connection, name: str) -> None:
    try:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
    except psycopg.errors.ObjectInUse:
        return  # another run is at work in it
