"""What a person would type to do a step of a rollback by hand in a local environment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from backend.contracts.environment import SERVICES, Environment
from backend.home import EnvironmentFolder


def rollback_commands(
    step: str,
    environment: Environment,
    folder: EnvironmentFolder,
    supervisor: Path,
    services: Mapping[str, str | None],
    backup: str | None,
) -> Sequence[str]:
    """Commands for the step with that key; none for one that has nothing to do.

    `services` has the release that each service returns to, None for one that stays stopped.
    """
    name = environment.name
    control = f"supervisorctl -c {supervisor}"
    stopped = " ".join(service for service in reversed(SERVICES) if service in services)
    started = " ".join(service for service in SERVICES if services.get(service))
    table = {
        "rollback-backup": [
            f"pg_dump --format=custom {_server(environment)} --file {folder.backups}/pre_rollback_….dump"
            f" {environment.database}"
        ],
        "rollback-stop": [f"{control} stop {stopped}"] if stopped else [],
        "rollback-database": _database(environment, backup),
        "rollback-start": [f"{control} update", f"{control} start {started}"] if started else [],
        "rollback-verify": [
            f"./scripts/comprehensive_health_check.sh --environment {name} --wait --timeout 60",
            f"main.py status --environment {name}",
        ],
    }
    return table.get(step, [])


def _database(environment: Environment, backup: str | None) -> list[str]:
    if backup is None:
        return [f"./scripts/migrate_database.sh --environment {environment.name} --rollback"]
    live, server = environment.database, _server(environment)
    fresh = f"{live}_restored"
    return [
        f"createdb {server} {fresh}",
        _load(backup, f"{server} --dbname {fresh}"),
        f"psql {server} --dbname postgres --command 'ALTER DATABASE {live} RENAME TO {live}_replaced'"
        f" --command 'ALTER DATABASE {fresh} RENAME TO {live}'",
    ]


def _load(backup: str, into: str) -> str:
    """An archive of pg_dump, or an SQL script, packed or not."""
    if backup.endswith(".sql.gz"):
        return f"gunzip --stdout {backup} | psql {into} --single-transaction --set ON_ERROR_STOP=1"
    if backup.endswith(".sql"):
        return f"psql {into} --single-transaction --set ON_ERROR_STOP=1 --file {backup}"
    return f"pg_restore --exit-on-error --single-transaction {into} {backup}"


def _server(environment: Environment) -> str:
    return (
        f"--host {environment.host} --port {environment.ports.postgres}"
        f" --username {environment.database_user}"
    )
