"""What a person would type to do a step by hand: the playbook's own lines."""

from collections.abc import Mapping, Sequence

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY, SERVICES, Environment

_DUMP = "docker exec postgres pg_dump -U {user} -d {database} --format=custom"


def commands(step: str, environment: Environment) -> Sequence[str]:
    """Commands for the step of a deployment with that key."""
    name = environment.name
    dump = _DUMP.format(user=environment.database_user, database=environment.database)
    table = {
        "validate": [f"./scripts/validate_environment.sh --environment {name}"],
        "backup": [f"{dump} > backups/database/pre_deploy_….dump"],
        "migrate": [f"./scripts/migrate_database.sh --environment {name}"],
        "build": [f"docker compose build {GATEWAY} {DLQ_MANAGER} {ENRICHMENT}"],
        "new-services": [f"docker compose up -d {GATEWAY}", f"docker compose up -d {DLQ_MANAGER}"],
        "update-services": [f"docker compose up -d --force-recreate {ENRICHMENT}"],
        "health": [f"./scripts/comprehensive_health_check.sh --environment {name} --wait --timeout 60"],
        "smoke": [f"./scripts/smoke_tests.sh --environment {name} --verbose"],
        "monitoring": [
            f"curl {environment.prometheus}/api/v1/targets",
            f"curl -s {environment.grafana}/api/health",
        ],
        "watch": [f"docker compose logs -f {GATEWAY} {DLQ_MANAGER} {ENRICHMENT}"],
    }
    return table.get(step, [])


def rollback_commands(
    step: str, environment: Environment, services: Mapping[str, str | None], backup: str | None
) -> Sequence[str]:
    """Commands for the step of a rollback with that key."""
    name = environment.name
    stopped = " ".join(service for service in reversed(SERVICES) if service in services)
    started = " ".join(service for service in SERVICES if services.get(service))
    dump = _DUMP.format(user=environment.database_user, database=environment.database)
    table = {
        "rollback-backup": [f"{dump} > backups/database/pre_rollback_….dump"],
        "rollback-stop": [f"docker compose stop {stopped}"] if stopped else [],
        "rollback-database": _database(environment, backup),
        "rollback-start": [
            "# the releases' names stand in .env",
            f"docker compose up -d --no-build {started}",
        ]
        if started
        else [],
        "rollback-verify": [
            "docker compose ps",
            f"./scripts/comprehensive_health_check.sh --environment {name} --wait --timeout 60",
        ],
    }
    return table.get(step, [])


def _database(environment: Environment, backup: str | None) -> list[str]:
    if backup is None:
        return [f"./scripts/migrate_database.sh --environment {environment.name} --rollback"]
    live, user = environment.database, environment.database_user
    fresh = f"{live}_restored"
    psql = f"docker exec -i postgres psql -U {user}"
    return [
        f"docker exec postgres createdb -U {user} {fresh}",
        _load(backup, user, fresh),
        f"{psql} -d postgres -c 'ALTER DATABASE {live} RENAME TO {live}_replaced'"
        f" -c 'ALTER DATABASE {fresh} RENAME TO {live}'",
    ]


def _load(backup: str, user: str, into: str) -> str:
    """An archive of pg_dump, or an SQL script, packed or not."""
    psql = f"docker exec -i postgres psql -U {user} -d {into} --single-transaction --set ON_ERROR_STOP=1"
    if backup.endswith(".sql.gz"):
        return f"gunzip --stdout {backup} | {psql}"
    if backup.endswith(".sql"):
        return f"{psql} < {backup}"
    restore = f"docker exec -i postgres pg_restore -U {user} -d {into} --exit-on-error --single-transaction"
    return f"{restore} < {backup}"
