"""What a person would type to do a step of the plan by hand in a local environment."""

from collections.abc import Sequence
from pathlib import Path

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY, Environment
from backend.home import EnvironmentFolder


def commands(
    step: str, environment: Environment, folder: EnvironmentFolder, supervisor: Path, release_id: str
) -> Sequence[str]:
    """Commands for the step with that key; none for a step that only looks in ways no command shows."""
    name = environment.name
    control = f"supervisorctl -c {supervisor}"
    table = {
        "validate": [f"./scripts/validate_environment.sh --environment {name}"],
        "backup": [
            f"pg_dump --format=custom --host {environment.host} --port {environment.ports.postgres}"
            f" --username {environment.database_user} --file {folder.backups}/pre_deploy_….dump"
            f" {environment.database}"
        ],
        "migrate": [f"./scripts/migrate_database.sh --environment {name}"],
        "build": [f"# copies the services' code and packages into {folder.releases / release_id}"],
        "new-services": [f"{control} update {GATEWAY}", f"{control} update {DLQ_MANAGER}"],
        "update-services": [f"{control} update {ENRICHMENT}"],
        "health": [f"./scripts/comprehensive_health_check.sh --environment {name} --wait --timeout 60"],
        "smoke": [f"./scripts/smoke_tests.sh --environment {name} --verbose"],
        "monitoring": [f"curl {environment.url(s)}/metrics" for s in (GATEWAY, DLQ_MANAGER, ENRICHMENT)],
        "watch": [f"tail -f {folder.logs}/{s}.log" for s in (GATEWAY, DLQ_MANAGER, ENRICHMENT)],
    }
    return table.get(step, [])
