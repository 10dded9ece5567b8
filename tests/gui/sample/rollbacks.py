"""Sample rollbacks: choices, backups, a plan and runs."""

import re
from datetime import datetime, timedelta

from backend.contracts.runs import (
    Backup,
    Criterion,
    CriterionState,
    Plan,
    PlannedCriterion,
    PlannedStep,
    RollbackChoice,
    RollbackOptions,
    RollbackScope,
    Run,
    RunKind,
    RunState,
    Step,
    StepState,
)

_FOLDER = "/home/deploy/songnodes/environments/sandbox/backups/database"
NEWEST = f"{_FOLDER}/20261123-143104-before-005.sql.gz"
_STOP = "Stop api-gateway-internal and dlq-manager; queued messages stay"
_VERIFY = "Health check and smoke tests, then release the lock"
_SERVER = "--host 127.0.0.1 --port 5433 --username musicdb_user"
_CONTROL = "supervisorctl -c /home/deploy/songnodes/environments/sandbox/supervisor/supervisord.conf"
_COMMANDS = {
    _STOP: (f"{_CONTROL} stop dlq-manager api-gateway-internal",),
    _VERIFY: (
        "./scripts/comprehensive_health_check.sh --environment sandbox --wait --timeout 60",
        "main.py status --environment sandbox",
    ),
    "Back up the database as it is now": (
        f"pg_dump --format=custom {_SERVER} --file {_FOLDER}/pre_rollback_….dump musicdb",
    ),
    "Revert migrations 005 and 004": ("./scripts/migrate_database.sh --environment sandbox --rollback",),
    "Restore the backup beside the live database": (
        f"createdb {_SERVER} musicdb_restored",
        f"gunzip --stdout {NEWEST} | psql {_SERVER} --dbname musicdb_restored --single-transaction",
    ),
}


def choices() -> tuple[RollbackChoice, ...]:
    """The four ways back from a deployed stack."""
    return tuple(
        choice.model_copy(
            update={"commands": tuple(c for action in choice.actions for c in _COMMANDS.get(action, ()))}
        )
        for choice in _choices()
    )


def _choices() -> tuple[RollbackChoice, ...]:
    back = "Start metadata-enrichment from release 2026.11.21-1"
    return (
        RollbackChoice(
            scope=RollbackScope.SERVICES,
            title="Services only",
            consequences=("Release 2026.11.21-1 runs again. Schema stays.", "No data is touched."),
            actions=(_STOP, back, _VERIFY),
            estimate_seconds=12,
            recommended=True,
        ),
        RollbackChoice(
            scope=RollbackScope.DATABASE,
            title="Database only",
            consequences=("Down-migrations 005 → 003.", "Keeps 1 902 rows written since."),
            actions=(
                "Back up the database as it is now",
                "Revert migrations 005 and 004",
                "Verify each revision",
                _VERIFY,
            ),
            estimate_seconds=9,
        ),
        RollbackChoice(
            scope=RollbackScope.FULL,
            title="Everything",
            consequences=("Services and schema as before the last deployment.", "Dead letters are kept."),
            actions=(_STOP, back, "Revert migrations 005 and 004", _VERIFY),
            estimate_seconds=20,
        ),
        RollbackChoice(
            scope=RollbackScope.FULL,
            backup=NEWEST,
            title="Everything, from a backup",
            consequences=("Restores 14:31, loses 11 min of writes.", "Dead letters are kept."),
            actions=(
                _STOP,
                "Restore the backup beside the live database",
                "Swap it in by rename; the present database is kept",
                back,
                _VERIFY,
            ),
            estimate_seconds=34,
        ),
    )


def backups(now: datetime) -> tuple[Backup, ...]:
    """Three backups; the oldest was never proven."""
    return (
        Backup(
            path=NEWEST,
            created_at=now - timedelta(minutes=11),
            size_bytes=1_240_000,
            verified=True,
            schema_revision="003",
            rows=51_420,
            run="20261123-143102-deploy",
        ),
        Backup(
            path=f"{_FOLDER}/20261121-091500-before-003.sql.gz",
            created_at=now - timedelta(days=2),
            size_bytes=1_180_000,
            verified=True,
            schema_revision="002",
            rows=49_518,
        ),
        Backup(
            path=f"{_FOLDER}/manual_backup_20261118_180000.sql.gz",
            created_at=now - timedelta(days=5),
            size_bytes=1_020_000,
            verified=False,
        ),
    )


def rollback_plan(environment: str, options: RollbackOptions) -> Plan:
    """What a rollback with `options` would do."""
    choice = _choice(options)
    return Plan(
        kind=RunKind.ROLLBACK,
        environment=environment,
        release="2026.11.21-1",
        steps=tuple(_planned(number, action) for number, action in enumerate(choice.actions, start=1)),
    )


def rollback_run(environment: str, options: RollbackOptions, now: datetime, state: RunState) -> Run:
    """A rollback at its second step, or ended."""
    plan = rollback_plan(environment, options)
    begin = now - timedelta(seconds=13)
    ended = state.is_finished
    return Run(
        id=f"20261123-144502-rollback-{options.scope.value}",
        kind=RunKind.ROLLBACK,
        environment=environment,
        plan=plan,
        rollback_options=options,
        state=state,
        steps=tuple(_step(step, begin, ended=ended) for step in plan.steps),
        operator="deploy",
        host="workstation",
        reason=options.reason,
        created_at=begin,
        finished_at=now if ended else None,
        release_before="2026.11.23-3",
        release_after="2026.11.21-1",
        message="Release 2026.11.21-1 runs again; health check and smoke tests pass." if ended else "",
        exit_code=0 if ended else None,
        parent="20261123-143102-deploy",
    )


def _choice(options: RollbackOptions) -> RollbackChoice:
    for choice in choices():
        if choice.scope is options.scope and bool(choice.backup) == bool(options.backup):
            return choice
    return choices()[-1]


def _planned(number: int, action: str) -> PlannedStep:
    return PlannedStep(
        key=f"back-{number}",
        number=number,
        title=re.split("[;,]", action, maxsplit=1)[0],
        summary=f"{action}.",
        commands=_COMMANDS.get(action, ()),
        criteria=(PlannedCriterion(key=f"back-{number}-done", text="Probed and found as wanted"),),
        estimate_seconds=(2, 6),
        estimate_source="last 5 runs",
        on_failure="The rollback stops, keeps both sides and prints the manual steps for this state.",
    )


def _step(planned: PlannedStep, begin: datetime, *, ended: bool) -> Step:
    start = begin + timedelta(seconds=4 * (planned.number - 1))
    if not ended and planned.number > 2:
        return Step(plan=planned)
    done = ended or planned.number == 1
    found = CriterionState.MET if done else CriterionState.CHECKING
    return Step(
        plan=planned,
        state=StepState.DONE if done else StepState.RUNNING,
        started_at=start,
        finished_at=start + timedelta(seconds=4) if done else None,
        message="done as planned" if done else "at work",
        criteria=tuple(Criterion(key=each.key, text=each.text, state=found) for each in planned.criteria),
    )
