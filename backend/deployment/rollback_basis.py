"""What there is to roll back: worked out from the journal, the database and the backups, and remembered."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.contracts.errors import OperatorError
from backend.contracts.runs import Run, RunKind, RunState
from backend.database.address import DatabaseMissingError
from backend.database.migrations.runner import MigrationRunner
from backend.deployment.journal_reader import JournalReader
from backend.targets.port import Target

_TOUCHED_NOTHING = frozenset({RunState.REFUSED, RunState.LOCKED})


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


def find_basis(target: Target, reader: JournalReader, deployment: str | None = None) -> RollbackBasis | None:
    """The basis for taking back `deployment`, else the newest deployment not taken back; None without one."""
    run = reader.run(deployment) if deployment else newest_deployment(reader, target.environment.name)
    if run is None:
        return None
    migrations, unreadable = applied_by(target, run.id)
    return RollbackBasis(
        deployment=run.id,
        release=run.plan.release,
        services_before=reader.fact(run.id, "services_before", {}),
        migrations=migrations,
        unreadable=unreadable,
    )


def newest_deployment(reader: JournalReader, environment: str) -> Run | None:
    """The newest deployment that may have changed something and was not taken back."""
    runs = reader.runs(environment, limit=200)
    taken_back = {
        run.parent for run in runs if run.kind is RunKind.ROLLBACK and run.state is RunState.SUCCEEDED
    }
    for run in runs:
        untouched = run.state in _TOUCHED_NOTHING or run.state is RunState.ROLLED_BACK
        if run.kind is RunKind.DEPLOY and not untouched and run.id not in taken_back:
            return run
    return None


def applied_by(target: Target, run_id: str) -> tuple[tuple[str, ...], str]:
    """Names of a run's medallion migrations that are still applied, and why they are not known, if so."""
    try:
        status = MigrationRunner(target.musicdb(), target.migrations("medallion")).status()
    except DatabaseMissingError:
        return (), ""
    except OperatorError as error:
        return (), error.sentence()
    return tuple(
        one.migration.name for one in status if one.applied and one.record and one.record.run == run_id
    ), ""
