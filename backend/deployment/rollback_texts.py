"""The words of a rollback: what it would do, what stays and what goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.contracts.environment import SERVICES
from backend.contracts.runs import Backup, RollbackOptions, RollbackScope
from backend.contracts.stack import LayerCounts
from backend.deployment.rollback_basis import RollbackBasis


def stops_first(options: RollbackOptions, basis: RollbackBasis | None) -> bool:
    """Whether the services must be down in between: only while the database below them is changed.

    Otherwise each is replaced in place, so that it is away for its own restart and no longer.
    """
    return bool(options.backup) or bool(touches_database(options) and basis and basis.migrations)


def touches_database(options: RollbackOptions) -> bool:
    """Whether a rollback with these options changes the database."""
    return options.scope is not RollbackScope.SERVICES


def touches_services(options: RollbackOptions) -> bool:
    """Whether a rollback with these options changes which release services run."""
    return options.scope is not RollbackScope.DATABASE


BACKUP = "Make a verified backup of the database as it is now, so that the rollback can be undone."
BACKUP_CRITERIA = (("created", "Backup of the present state, restored once to prove it"),)
VERIFY = "Look at services, schema and health, and say what is really there."
VERIFY_CRITERIA = (
    ("services", "Services are as planned"),
    ("schema", "Schema is as planned"),
    ("health", "Health"),
)


def nothing_left(scope: RollbackScope) -> str:
    """Why a rollback of that scope has nothing to do."""
    return {
        RollbackScope.SERVICES: "No deployment is left whose services could be taken back.",
        RollbackScope.DATABASE: "No migration of a deployment is applied that could be taken back.",
        RollbackScope.FULL: "There is no deployment to roll back here.",
    }[scope]


def other_ways(options: RollbackOptions) -> str:
    """What to do instead when there is nothing to take back."""
    if options.backup:
        return "To restore only the database add --db-only."
    return "List the runs with: main.py runs. To restore a backup use --db-only --to-backup FILE."


def title(scope: RollbackScope, backup: Backup | None) -> str:
    """The name of a way to roll back."""
    if backup is not None:
        return "Everything, from a backup"
    return {
        RollbackScope.SERVICES: "Services only",
        RollbackScope.DATABASE: "Database only",
        RollbackScope.FULL: "Everything",
    }[scope]


@dataclass(frozen=True)
class Stakes:
    """What there is to lose, measured. None where it could not be measured."""

    layers: LayerCounts | None = None
    """Rows in the layers now."""
    rows_since_backup: int | None = None
    """Rows there are now and not in the backup."""


def consequences(
    options: RollbackOptions, basis: RollbackBasis | None, backup: Backup | None, stakes: Stakes
) -> list[str]:
    """Sentences: what changes, what stays, what is lost."""
    sentences = [_services_sentence(basis)] if touches_services(options) else []
    if backup is not None:
        sentences.append(_restore_sentence(backup, stakes))
    elif touches_database(options):
        sentences.append(_revert_sentence(basis, stakes))
    else:
        sentences.append("Schema and data stay.")
    return sentences


def _restore_sentence(backup: Backup, stakes: Stakes) -> str:
    when = f"{backup.created_at.astimezone():%Y-%m-%d %H:%M}"
    lost = stakes.rows_since_backup
    since = (
        "rows written since are not in it" if lost is None else f"{max(lost, 0):,} rows since are not in it"
    )
    return f"Restores {when}; {since}. The present database is kept beside it."


def _revert_sentence(basis: RollbackBasis | None, stakes: Stakes) -> str:
    names = basis.migrations if basis else ()
    if not names:
        return "No migration of that deployment is applied: the schema stays."
    layers = stakes.layers
    rows = f"{layers.bronze + layers.silver + layers.gold:,} rows" if layers else "their rows"
    return f"Down-migrations {names[-1][:3]} → {names[0][:3]}; {rows} go, kept in a backup made first."


def _services_sentence(basis: RollbackBasis | None) -> str:
    before = basis.services_before if basis else {}
    back = {release for release in before.values() if release}
    if not before:
        return "Services stay: they are back already, or were never changed."
    if not back:
        return "Services stop: no release ran before."
    return f"Services return to release {', '.join(sorted(back))}."


def database_criteria(options: RollbackOptions) -> tuple[tuple[str, str], ...]:
    """Success criteria of the database step."""
    if options.backup:
        return (
            ("checked", "Backup file is complete"),
            ("restored", "Restored beside the present database"),
            ("swapped", "Swapped in; the present database is kept"),
        )
    return (("reverted", "Migrations taken back"),)


def stop_summary(options: RollbackOptions, basis: RollbackBasis | None) -> str:
    """What the step that stops services does."""
    before = basis.services_before if basis else {}
    if not touches_services(options):
        return "Stop the services while the database is swapped; queued messages and dead letters stay."
    if not before:
        return "Nothing to stop."
    stopped = [s for s in SERVICES if s in before and (stops_first(options, basis) or not before[s])]
    if not stopped:
        return "Nothing to stop beforehand: each service is replaced in place."
    return f"Stop {', '.join(stopped)}; queued messages and dead letters stay."


def database_summary(options: RollbackOptions, basis: RollbackBasis | None) -> str:
    """What the database step does."""
    if options.backup:
        name = Path(options.backup).name
        return (
            f"Restore {name} beside the present database and swap it in by rename; the present one is kept."
        )
    names = basis.migrations if basis else ()
    if not names:
        return "No migration of that deployment is applied: nothing to take back."
    return f"Take back {len(names)} migrations, {names[-1]} first."


def start_summary(options: RollbackOptions, before: Mapping[str, str | None]) -> str:
    """What the step that starts services does."""
    if not touches_services(options):
        return "Start the services again on the release they ran."
    releases = sorted({release for release in before.values() if release})
    if not releases:
        return "No release ran before: the services stay stopped."
    return f"Start the services from release {', '.join(releases)} and wait until they are healthy."


def warnings(options: RollbackOptions, basis: RollbackBasis | None) -> list[str]:
    """What the operator should know before starting."""
    found = []
    only_database = options.scope is RollbackScope.DATABASE
    if only_database and not options.backup:
        found.append(
            "The running release needs the schema that is taken back: its services will report degraded "
            "until you deploy again or roll them back too."
        )
    if basis is not None and touches_services(options) and not basis.services_before:
        found.append("That deployment changed no service, so no service is started or stopped.")
    return found
