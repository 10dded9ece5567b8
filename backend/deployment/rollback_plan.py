"""The plan of a rollback, and the ways to roll back that the present state allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from backend.deployment.rollback_commands import services_moved
from backend.deployment.rollback_texts import stops_first, touches_database, touches_services
from backend.targets.port import Target

SAFETY_BACKUP = "rollback-backup"
STOP = "rollback-stop"
DATABASE = "rollback-database"
START = "rollback-start"
VERIFY = "rollback-verify"

_ON_FAILURE = "The rollback stops here and says what is left to do by hand. Nothing is deleted."
_SECONDS = {SAFETY_BACKUP: (0.3, 1), STOP: (0.1, 3), DATABASE: (0.1, 2), START: (1, 5), VERIFY: (0.1, 2)}


def plan_rollback(
    target: Target, reader: JournalReader, options: RollbackOptions, basis: RollbackBasis | None
) -> Plan:
    """The plan; OperatorError with exit code 4 when there is nothing to take back."""
    refuse_when_empty(options, basis)
    steps = tuple(_steps(target, reader, options, basis))
    return Plan(
        kind=RunKind.ROLLBACK,
        environment=target.environment.name,
        release=_release_afterwards(options, basis),
        steps=tuple(step.model_copy(update={"number": n}) for n, step in enumerate(steps, start=1)),
        warnings=tuple(texts.warnings(options, basis)),
    )


def refuse_when_empty(options: RollbackOptions, basis: RollbackBasis | None) -> None:
    """Raise OperatorError when the rollback would do nothing, or cannot know what it would do."""
    if basis is None:
        if options.backup is None or touches_services(options):
            raise _refusal(texts.nothing_left(options.scope), texts.other_ways(options))
        return
    if not touches_database(options) or options.backup:
        return
    if basis.unreadable:
        text = f"What the deployment {basis.deployment} did to the database is not known."
        raise _refusal(text, basis.unreadable)
    if basis.without_files:
        text = f"The migrations {', '.join(basis.without_files)} are applied, but nobody has their files."
        raise _refusal(text, "Check out the version that brought them, or restore a backup.")


def _refusal(message: str, remedy: str) -> OperatorError:
    return OperatorError(message, remedy, exit_code=ExitCode.REFUSED)


def choices(
    target: Target,
    reader: JournalReader,
    bases: Mapping[RollbackScope, RollbackBasis | None],
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
    return [_choice(target, reader, bases[scope], scope, source, stakes) for scope, source in wanted]


def _choice(
    target: Target,
    reader: JournalReader,
    basis: RollbackBasis | None,
    scope: RollbackScope,
    backup: Backup | None,
    stakes: texts.Stakes,
) -> RollbackChoice:
    options = RollbackOptions(scope=scope, backup=backup.path if backup else None)
    title = texts.title(scope, backup)
    try:
        plan = plan_rollback(target, reader, options, basis)
    except OperatorError as error:
        return RollbackChoice(
            scope=scope,
            backup=options.backup,
            title=title,
            consequences=(),
            actions=(),
            available=False,
            unavailable_reason=error.sentence(),
        )
    return RollbackChoice(
        scope=scope,
        backup=options.backup,
        title=title,
        consequences=tuple(texts.consequences(options, basis, backup, stakes)),
        actions=tuple(step.summary for step in plan.steps),
        commands=tuple(command for step in plan.steps for command in step.commands),
        estimate_seconds=sum(step.estimate_seconds[1] for step in plan.steps),
        recommended=scope is RollbackScope.SERVICES,
    )


def _steps(
    target: Target, reader: JournalReader, options: RollbackOptions, basis: RollbackBasis | None
) -> list[PlannedStep]:
    services = services_moved(target, options, basis)
    stopped = services if stops_first(options, basis) else {s: r for s, r in services.items() if not r}
    reverts_nothing = not options.backup and not (basis and basis.migrations)
    return [
        _planned(
            target,
            reader,
            entry,
            ()
            if entry.key == DATABASE and reverts_nothing
            else target.rollback_commands(
                entry.key, stopped if entry.key == STOP else services, options.backup
            ),
        )
        for entry in _wanted(options, basis)
    ]


def _wanted(options: RollbackOptions, basis: RollbackBasis | None) -> "list[_Wanted]":
    before = basis.services_before if basis else {}
    moves_services = touches_services(options) or bool(options.backup)
    wanted = []
    if touches_database(options):
        wanted.append(
            _Wanted(SAFETY_BACKUP, "Back up the present state", texts.BACKUP, texts.BACKUP_CRITERIA)
        )
    if moves_services:
        stop = texts.stop_summary(options, basis)
        wanted.append(_Wanted(STOP, "Stop services", stop, (("stopped", "Services stopped"),)))
    if touches_database(options):
        summary, criteria = texts.database_summary(options, basis), texts.database_criteria(options)
        wanted.append(_Wanted(DATABASE, "Roll back database", summary, criteria))
    if moves_services:
        start = texts.start_summary(options, before)
        wanted.append(_Wanted(START, "Start previous services", start, (("started", "Services healthy"),)))
    wanted.append(_Wanted(VERIFY, "Verify", texts.VERIFY, texts.VERIFY_CRITERIA))
    return wanted


@dataclass(frozen=True)
class _Wanted:
    key: str
    title: str
    summary: str
    criteria: tuple[tuple[str, str], ...]


def _planned(target: Target, reader: JournalReader, wanted: _Wanted, commands: Sequence[str]) -> PlannedStep:
    seconds, source = estimate(
        reader,
        target.environment.name,
        RunKind.ROLLBACK,
        wanted.key,
        _SECONDS[wanted.key],
        "measured on two cores",
    )
    return PlannedStep(
        key=wanted.key,
        number=1,
        title=wanted.title,
        summary=wanted.summary,
        commands=tuple(commands),
        criteria=planned_criteria(wanted.criteria),
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
