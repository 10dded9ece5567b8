"""Run a migration's files inside an open transaction."""

import psycopg

from backend.contracts.errors import OperatorError
from backend.database.migrations import history
from backend.database.migrations.attempts import RETRIED
from backend.database.migrations.failures import MigrationFailedError, MigrationRefusedError, explain
from backend.database.migrations.files import Migration


def apply_files(connection: psycopg.Connection, migration: Migration) -> None:
    """`up.sql`, then `verify.sql`. Raises MigrationFailedError with file and line."""
    _run(connection, migration, "up.sql", migration.up)
    _run(connection, migration, "verify.sql", migration.verify)


def revert_files(connection: psycopg.Connection, migration: Migration) -> None:
    """`down.sql`, after which `verify.sql` has to fail: else the undo undid nothing."""
    _run(connection, migration, "down.sql", migration.down)
    try:
        with connection.transaction():
            connection.execute(migration.verify.encode())
    except psycopg.Error as error:
        if isinstance(error, RETRIED) or connection.closed:
            raise
        return
    raise MigrationFailedError(
        f"{migration.name} was not reverted: after down.sql its effect is still there.",
        "Nothing was changed. Correct down.sql, or restore a backup from before the migration.",
    )


def adopt(connection: psycopg.Connection, migration: Migration) -> None:
    """Take over another tool's record, if the migration's effect is really there."""
    try:
        _run(connection, migration, "verify.sql", migration.verify)
    except OperatorError as error:
        raise MigrationRefusedError(
            f"Another tool recorded {migration.recorded_name} as applied, but its effect is not there: "
            f"{error.message}",
            "If it was never applied, set rolled_back_at = now() in its row of schema_migrations, then "
            "migrate again.",
        ) from error
    history.adopt(connection, migration)


def _run(connection: psycopg.Connection, migration: Migration, file: str, script: str) -> None:
    try:
        connection.execute(script.encode())
    except psycopg.Error as error:
        if isinstance(error, RETRIED) or connection.closed:
            raise
        raise MigrationFailedError(
            f"{migration.name} failed in {file}, {explain(error, script)}",
            "Nothing of this migration was kept. Correct the cause and migrate again, or roll back.",
        ) from error
