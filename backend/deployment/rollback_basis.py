"""What there is to roll back: worked out from the journal, the database and the backups, and remembered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.contracts.errors import OperatorError
from backend.contracts.runs import RollbackScope, Run, RunKind, RunState, StepState
from backend.database.address import DatabaseMissingError
from backend.database.migrations.files import load_set
from backend.database.migrations.history import read_records
from backend.deployment import playbook
from backend.deployment.journal_reader import JournalReader
from backend.targets.port import Target

_TOUCHED_NOTHING = frozenset({RunState.REFUSED, RunState.LOCKED})
_HISTORY = 200
"""So many runs are looked at, newest first."""
_SERVICE_STEPS = (playbook.NEW_SERVICES, playbook.UPDATE_SERVICES)


@dataclass(frozen=True)
class RollbackBasis:
    """The deployment to take back, and what it changed."""

    deployment: str
    """Id of the deployment's run."""
    release: str
    services_before: Mapping[str, str | None]
    """Release of each service before it; None for a service that did not run. Empty: it got that far not."""
    migrations: tuple[str, ...]
    """Names of the migrations it applied that are still applied, in the order they were applied."""
    unreadable: str = ""
    """Why the database could not be asked for them, with what to do; empty when it answered."""
    without_files: tuple[str, ...] = ()
    """Those of the migrations that neither its release nor this source tree has files of."""

    def to_fact(self) -> dict[str, object]:
        """As JSON for the journal."""
        return {
            "deployment": self.deployment,
            "release": self.release,
            "services_before": dict(self.services_before),
            "migrations": list(self.migrations),
        }

    @classmethod
    def from_fact(cls, fact: Mapping[str, object]) -> "RollbackBasis":
        """From the journal's JSON."""
        before, names = fact["services_before"], fact["migrations"]
        if not isinstance(before, Mapping) or not isinstance(names, list):
            raise TypeError(f"not a rollback basis: {fact!r}")
        return cls(str(fact["deployment"]), str(fact["release"]), dict(before), tuple(names))


def find_basis(
    target: Target,
    reader: JournalReader,
    deployment: str | None = None,
    scope: RollbackScope = RollbackScope.FULL,
) -> RollbackBasis | None:
    """What to take back: of `deployment`, else of the newest one that has something of `scope` left."""
    if deployment is None:
        return find_bases(target, reader)[scope]
    history = reader.runs(target.environment.name, limit=_HISTORY)
    left = deployment not in _services_returned(reader, history)
    return _basis_of(target, reader, reader.run(deployment), applied_by_run(target), services_left=left)


def find_bases(target: Target, reader: JournalReader) -> dict[RollbackScope, RollbackBasis | None]:
    """For every scope what a rollback of it takes back; None where nothing of that scope is left."""
    history = reader.runs(target.environment.name, limit=_HISTORY)
    applied, returned = applied_by_run(target), _services_returned(reader, history)
    bases = [
        _basis_of(target, reader, run, applied, services_left=run.id not in returned)
        for run in _deployments(history)
    ]
    return {
        scope: next((basis for basis in bases if _has_something(basis, scope)), None)
        for scope in RollbackScope
    }


def last_good(
    reader: JournalReader, environment: str, running: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The release each service should return to if the next deployment fails.

    That is the one it runs, unless its deployment never came through the health check: then what was
    good before that one. None for a service that has no good release.
    """
    # A release that was never built gives its name to the next deployment: the newest run of a name counts.
    history = reversed(_deployments(reader.runs(environment, limit=_HISTORY)))
    by_release = {run.plan.release: run for run in history}
    return {name: _good_release(reader, by_release, name, release) for name, release in running.items()}


def _deployments(history: Sequence[Run]) -> list[Run]:
    """The deployments that may have changed something, newest first."""
    return [run for run in history if run.kind is RunKind.DEPLOY and run.state not in _TOUCHED_NOTHING]


@dataclass(frozen=True)
class AppliedMigrations:
    """Names of the medallion migrations in force, by the run that applied them."""

    by_run: Mapping[str, tuple[str, ...]]
    unreadable: str = ""


def applied_by_run(target: Target) -> AppliedMigrations:
    """What `schema_migrations` says, also of migrations that this source tree does not know."""
    try:
        with target.musicdb().connect(autocommit=True) as connection:
            records = [record for record in read_records(connection) if record.in_force]
    except DatabaseMissingError:
        return AppliedMigrations({})
    except OperatorError as error:
        return AppliedMigrations({}, error.sentence())
    found: dict[str, tuple[str, ...]] = {}
    for record in records:
        name = record.migration_name.removesuffix("_up.sql")
        found[record.run or ""] = (*found.get(record.run or "", ()), name)
    return AppliedMigrations(found)


def _basis_of(
    target: Target, reader: JournalReader, run: Run, applied: AppliedMigrations, *, services_left: bool
) -> RollbackBasis:
    touched = services_left and _touched_services(run)
    migrations = applied.by_run.get(run.id, ())
    known = {migration.name for migration in load_set(target.migrations("medallion", run.plan.release))}
    return RollbackBasis(
        deployment=run.id,
        release=run.plan.release,
        services_before=reader.fact(run.id, "services_before", {}) if touched else {},
        migrations=migrations,
        unreadable=applied.unreadable,
        without_files=tuple(name for name in migrations if name not in known),
    )


def _has_something(basis: RollbackBasis, scope: RollbackScope) -> bool:
    services = bool(basis.services_before) and scope is not RollbackScope.DATABASE
    database = bool(basis.migrations or basis.unreadable) and scope is not RollbackScope.SERVICES
    return services or database


def _touched_services(run: Run) -> bool:
    idle = (StepState.PENDING, StepState.SKIPPED)
    return any(s.plan.key in _SERVICE_STEPS and s.state not in idle for s in run.steps)


def _services_returned(reader: JournalReader, history: Sequence[Run]) -> set[str]:
    """The deployments whose services were taken back, by themselves or by a rollback."""
    returned = set()
    for run in history:
        if run.kind is RunKind.DEPLOY and run.state is RunState.ROLLED_BACK:
            scope = reader.fact(run.id, "rollback_scope", RollbackScope.FULL.value)
            if scope != RollbackScope.DATABASE.value:
                returned.add(run.id)
        options = run.rollback_options
        moved = options is not None and options.scope is not RollbackScope.DATABASE
        if run.parent and moved and run.state is RunState.SUCCEEDED:
            returned.add(run.parent)
    return returned


def _good_release(
    reader: JournalReader, by_release: Mapping[str, Run], service: str, release: str | None
) -> str | None:
    seen: set[str] = set()
    while release and release in by_release and release not in seen:
        run = by_release[release]
        if any(s.plan.key == playbook.HEALTH and s.state is StepState.DONE for s in run.steps):
            return release
        seen.add(release)
        release = reader.fact(run.id, "services_before", {}).get(service)
    return release
