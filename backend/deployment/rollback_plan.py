"""The plan of a rollback, and the ways to roll back that the present state allows."""

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import (
    Backup,
    ExitCode,
    Plan,
    PlannedStep,
    RollbackChoice,
    RollbackOptions,
    RollbackScope,
    RunKind,
)
from backend.deployment import rollback_texts as texts
from backend.deployment.context import planned_criteria
from backend.deployment.journal_reader import JournalReader
from backend.deployment.planning import estimate
from backend.deployment.rollback_basis import RollbackBasis
from backend.deployment.rollback_texts import touches_database, touches_services

SAFETY_BACKUP = "rollback-backup"
STOP = "rollback-stop"
DATABASE = "rollback-database"
START = "rollback-start"
VERIFY = "rollback-verify"

_ON_FAILURE = "The rollback stops here and says what is left to do by hand. Nothing is deleted."
_SECONDS = {SAFETY_BACKUP: (0.3, 1), STOP: (0.1, 3), DATABASE: (0.1, 2), START: (1, 5), VERIFY: (0.1, 2)}


def plan_rollback(
    environment: Environment, reader: JournalReader, options: RollbackOptions, basis: RollbackBasis | None
) -> Plan:
    """The plan; OperatorError with exit code 4 when there is nothing to take back."""
    refuse_when_empty(options, basis)
    steps = tuple(_steps(environment, reader, options, basis))
    return Plan(
        kind=RunKind.ROLLBACK,
        environment=environment.name,
        release=_release_afterwards(options, basis),
        steps=tuple(step.model_copy(update={"number": n}) for n, step in enumerate(steps, start=1)),
        warnings=tuple(texts.warnings(options, basis)),
    )


def refuse_when_empty(options: RollbackOptions, basis: RollbackBasis | None) -> None:
    """Raise OperatorError when the rollback would do nothing."""
    if basis is None and (options.backup is None or touches_services(options)):
        raise OperatorError(
            "There is no deployment to roll back here.",
            "Only a deployment that changed something can be taken back; list the runs with: main.py runs. "
            "To restore only the database add --db-only.",
            exit_code=ExitCode.REFUSED,
        )
    if basis is not None and basis.unreadable and touches_database(options) and not options.backup:
        raise OperatorError(
            f"What the deployment {basis.deployment} did to the database is not known: {basis.unreadable}",
            exit_code=ExitCode.REFUSED,
        )
    if basis is not None and options.scope is RollbackScope.DATABASE and not options.backup:
        _refuse_without_migrations(basis)


def _refuse_without_migrations(basis: RollbackBasis) -> None:
    if not basis.migrations:
        raise OperatorError(
            f"The deployment {basis.deployment} applied no migration, so there is no schema to take back.",
            "Roll back the services only, or name a backup with --to-backup FILE.",
            exit_code=ExitCode.REFUSED,
        )


def choices(
    environment: Environment,
    reader: JournalReader,
    basis: RollbackBasis | None,
    backup: Backup | None,
    stakes: texts.Stakes,
) -> list[RollbackChoice]:
    """Services only, database only, everything, and everything from `backup` when there is one."""
    wanted: list[tuple[RollbackScope, Backup | None]] = [
        (RollbackScope.SERVICES, None),
        (RollbackScope.DATABASE, None),
        (RollbackScope.FULL, None),
    ]
    if backup is not None:
        wanted.append((RollbackScope.FULL, backup))
    return [_choice(environment, reader, basis, scope, source, stakes) for scope, source in wanted]


def _choice(
    environment: Environment,
    reader: JournalReader,
    basis: RollbackBasis | None,
    scope: RollbackScope,
    backup: Backup | None,
    stakes: texts.Stakes,
) -> RollbackChoice:
    options = RollbackOptions(scope=scope, backup=backup.path if backup else None)
    title = texts.title(scope, backup)
    try:
        plan = plan_rollback(environment, reader, options, basis)
    except OperatorError as error:
        return RollbackChoice(
            scope=scope,
            backup=options.backup,
            title=title,
            consequences=(),
            actions=(),
            available=False,
            unavailable_reason=error.message,
        )
    return RollbackChoice(
        scope=scope,
        backup=options.backup,
        title=title,
        consequences=tuple(texts.consequences(options, basis, backup, stakes)),
        actions=tuple(step.summary for step in plan.steps),
        estimate_seconds=sum(step.estimate_seconds[1] for step in plan.steps),
        recommended=scope is RollbackScope.SERVICES,
    )


def _steps(
    environment: Environment, reader: JournalReader, options: RollbackOptions, basis: RollbackBasis | None
) -> list[PlannedStep]:
    wanted: list[tuple[str, str, str, tuple[tuple[str, str], ...]]] = []
    before = basis.services_before if basis else {}
    if touches_database(options):
        wanted.append(
            (
                SAFETY_BACKUP,
                "Back up the present state",
                "Make a verified backup of the database as it is now, so that the rollback can be undone.",
                (("created", "Backup of the present state, restored once to prove it"),),
            )
        )
    if touches_services(options) or options.backup:
        wanted.append(
            (STOP, "Stop services", texts.stop_summary(options, before), (("stopped", "Services stopped"),))
        )
    if touches_database(options):
        wanted.append(
            (
                DATABASE,
                "Roll back database",
                texts.database_summary(options, basis),
                texts.database_criteria(options),
            )
        )
    if touches_services(options) or options.backup:
        wanted.append(
            (
                START,
                "Start previous services",
                texts.start_summary(options, before),
                (("started", "Services healthy"),),
            )
        )
    wanted.append(
        (
            VERIFY,
            "Verify",
            "Look at services, schema and health, and say what is really there.",
            (
                ("services", "Services are as planned"),
                ("schema", "Schema is as planned"),
                ("health", "Health"),
            ),
        )
    )
    return [_planned(environment, reader, *entry) for entry in wanted]


def _planned(
    environment: Environment,
    reader: JournalReader,
    key: str,
    title: str,
    summary: str,
    criteria: tuple[tuple[str, str], ...],
) -> PlannedStep:
    seconds, source = estimate(
        reader, environment.name, RunKind.ROLLBACK, key, _SECONDS[key], "measured on two cores"
    )
    return PlannedStep(
        key=key,
        number=1,
        title=title,
        summary=summary,
        commands=(),
        criteria=planned_criteria(criteria),
        estimate_seconds=seconds,
        estimate_source=source,
        on_failure=_ON_FAILURE,
    )


def _release_afterwards(options: RollbackOptions, basis: RollbackBasis | None) -> str:
    if basis is None:
        return ""
    if not touches_services(options):
        return basis.release
    return next((r for r in basis.services_before.values() if r), "")
