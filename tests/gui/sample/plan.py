"""The playbook's ten steps as a plan for a local sandbox, from the engine's own texts."""

from backend.contracts.runs import DeployOptions, Plan, PlannedCriterion, PlannedStep, RunKind
from backend.deployment import playbook
from backend.deployment.playbook import STEPS, StepText

RELEASE = "2026.11.23-3"

_COMMANDS = {
    playbook.VALIDATE: ("./scripts/validate_environment.sh",),
    playbook.BACKUP: (
        "pg_dump --format=custom --dbname=musicdb --file=backups/database/pre_deploy_20261123_143104.dump",
    ),
    playbook.MIGRATE: ("./scripts/migrate_database.sh --yes",),
    playbook.NEW_SERVICES: (
        "supervisorctl update api-gateway-internal",
        "supervisorctl update dlq-manager",
    ),
    playbook.UPDATE_SERVICES: ("supervisorctl update metadata-enrichment",),
    playbook.HEALTH: ("./scripts/comprehensive_health_check.sh --wait --timeout 60",),
    playbook.SMOKE: ("./scripts/smoke_tests.sh --verbose",),
}


def sample_plan(options: DeployOptions, environment: str = "sandbox") -> Plan:
    """The plan that a deployment with `options` would have."""
    return Plan(
        kind=RunKind.DEPLOY,
        environment=environment,
        release=RELEASE,
        steps=tuple(_step(text, options) for text in STEPS),
        warnings=_warnings(options),
    )


def _step(text: StepText, options: DeployOptions) -> PlannedStep:
    reason = _skip_reason(text.key, options)
    watch = text.key == playbook.WATCH
    return PlannedStep(
        key=text.key,
        number=text.number,
        title=text.title,
        summary=text.summary,
        commands=_COMMANDS.get(text.key, ()),
        criteria=tuple(PlannedCriterion(key=key, text=words) for key, words in text.criteria),
        estimate_seconds=(options.watch_minutes * 60.0,) * 2 if watch else text.local_seconds,
        estimate_source="last 5 runs" if text.number < 7 else "playbook",
        on_failure=text.on_failure,
        common_causes=text.common_causes,
        skipped=bool(reason),
        skip_reason=reason,
    )


def _skip_reason(key: str, options: DeployOptions) -> str:
    if key == playbook.BACKUP and options.skip_backup:
        return "You chose to skip the backup."
    if key == playbook.SMOKE and options.skip_tests:
        return "You chose to skip the smoke tests."
    return "" if key != playbook.WATCH or options.watch_minutes else "Not asked for."


def _warnings(options: DeployOptions) -> tuple[str, ...]:
    warnings = []
    if options.skip_backup:
        warnings.append("Without a backup a failed migration can only be taken back by its down scripts.")
    if options.skip_tests:
        warnings.append("Without smoke tests a service that answers but works wrongly goes unnoticed.")
    if not options.automatic_rollback:
        warnings.append("Automatic rollback is off: after a failure the stack stays as it is then.")
    return tuple(warnings)
