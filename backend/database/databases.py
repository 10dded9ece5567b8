"""Create, find and drop whole databases. Every function may be repeated."""

import psycopg
from psycopg import sql

from backend.database.address import DatabaseAddress

MAINTENANCE = "postgres"
"""The database one connects to in order to create, rename or drop others."""


def database_exists(connection: psycopg.Connection, name: str) -> bool:
    """Whether the server has a database of that name."""
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def ensure_database(address: DatabaseAddress, template: str = "template0") -> None:
    """Create the database when it is missing. Raises OperatorError when the server does not answer."""
    with address.with_name(MAINTENANCE).connect(autocommit=True) as connection:
        if database_exists(connection, address.name):
            return
        try:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(address.name), sql.Identifier(template)
                )
            )
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # somebody else created it at the same moment


def drop_database(address: DatabaseAddress) -> None:
    """Drop the database, its sessions included, when it is there."""
    with address.with_name(MAINTENANCE).connect(autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(address.name))
        )
