"""Failed migrations in words for the operator."""

from collections.abc import Sequence

import psycopg

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.database.migrations.files import Migration
from backend.database.migrations.history import Record


class MigrationFailedError(OperatorError):
    """A migration's statement failed. Its transaction was rolled back: nothing of it is in the schema."""


class MigrationRefusedError(OperatorError):
    """The recorded migrations do not agree with the files. Nothing was changed."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy, exit_code=ExitCode.REFUSED)


def explain(error: psycopg.Error, script: str = "") -> str:
    """What the server said, with the line of `script` that it speaks of."""
    text = error.diag.message_primary or " ".join(str(error).split())
    if error.diag.message_detail:
        text = f"{text} ({error.diag.message_detail})"
    position = error.diag.statement_position
    if script and position:
        line = script.count("\n", 0, int(position) - 1) + 1
        return f"line {line}: {text}"
    return text


def check_agreement(migrations: Sequence[Migration], records: Sequence[Record]) -> None:
    """Raise MigrationRefusedError when an applied migration was edited, is unknown, or came out of order."""
    in_force = [record for record in records if record.in_force]
    _check_known(migrations, in_force)
    gap: Migration | None = None
    for migration in migrations:
        record = next((record for record in in_force if record.is_of(migration)), None)
        if record is None:
            gap = gap or migration
            continue
        if not record.is_foreign and record.checksum != migration.checksum:
            when = f"{record.applied_at:%Y-%m-%d %H:%M} UTC"
            raise MigrationRefusedError(
                f"{migration.name} was edited after it was applied ({when}): the "
                "database has another version of it than this release.",
                f"Put the file back as it was, and write the change as a new migration after "
                f"{migrations[-1].name}.",
            )
        if gap is not None:
            raise MigrationRefusedError(
                f"{migration.name} is applied but {gap.name}, which comes before it, is not.",
                f"Roll back to before {gap.name} (main.py migrate --rollback), then migrate again; or give "
                f"{gap.name} a number after {migrations[-1].name}.",
            )


def _check_known(migrations: Sequence[Migration], in_force: Sequence[Record]) -> None:
    for record in in_force:
        if not record.is_foreign and not any(record.is_of(migration) for migration in migrations):
            raise MigrationRefusedError(
                f"The database has {record.migration_name} applied, which this release does not know.",
                "Use the release that brought it, or roll it back with that release first.",
            )
