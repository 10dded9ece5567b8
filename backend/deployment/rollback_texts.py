"""The words of a rollback: what it would do, what stays and what goes."""

from collections.abc import Mapping
from pathlib import Path

from backend.contracts.environment import SERVICES
from backend.contracts.runs import Backup, RollbackOptions, RollbackScope
from backend.deployment.rollback_basis import RollbackBasis


def touches_database(options: RollbackOptions) -> bool:
    """Whether a rollback with these options changes the database."""
    return options.scope is not RollbackScope.SERVICES


def touches_services(options: RollbackOptions) -> bool:
    """Whether a rollback with these options changes which release services run."""
    return options.scope is not RollbackScope.DATABASE


def title(scope: RollbackScope, backup: Backup | None) -> str:
    """The name of a way to roll back."""
    if backup is not None:
        return "Everything, from a backup"
    return {
        RollbackScope.SERVICES: "Services only",
        RollbackScope.DATABASE: "Database only",
        RollbackScope.FULL: "Everything",
    }[scope]


def consequences(options: RollbackOptions, basis: RollbackBasis | None) -> list[str]:
    """Sentences: what changes, what stays, what is lost."""
    sentences = []
    if touches_services(options):
        sentences.append(_services_sentence(basis))
    if options.backup:
        sentences.append(
            f"The database of {Path(options.backup).name} takes the place of the present one, which is kept "
            "under another name. Dead letters are kept."
        )
    elif touches_database(options):
        names = basis.migrations if basis else ()
        sentences.append(
            f"Migrations {names[-1][:3]} → {names[0][:3]} are taken back; their tables and rows go. "
            "A verified backup is made first. Dead letters are kept."
            if names
            else "The deployment applied no migration: the schema stays."
        )
    else:
        sentences.append("The schema and all data stay.")
    return sentences


def _services_sentence(basis: RollbackBasis | None) -> str:
    before = basis.services_before if basis else {}
    back = {release for release in before.values() if release}
    if not before:
        return "That deployment changed no service."
    if not back:
        return "No release ran before this one: the services are stopped."
    return f"Services start again from release {', '.join(sorted(back))}."


def database_criteria(options: RollbackOptions) -> tuple[tuple[str, str], ...]:
    """Success criteria of the database step."""
    if options.backup:
        return (
            ("checked", "Backup file is complete"),
            ("restored", "Restored beside the present database"),
            ("swapped", "Swapped in; the present database is kept"),
        )
    return (("reverted", "Migrations taken back"),)


def stop_summary(options: RollbackOptions, before: Mapping[str, str | None]) -> str:
    """What the step that stops services does."""
    if not touches_services(options):
        return "Stop the services while the database is swapped; queued messages and dead letters stay."
    return (
        f"Stop {', '.join(SERVICES)}; queued messages and dead letters stay."
        if before
        else "Nothing to stop."
    )


def database_summary(options: RollbackOptions, basis: RollbackBasis | None) -> str:
    """What the database step does."""
    if options.backup:
        name = Path(options.backup).name
        return (
            f"Restore {name} beside the present database and swap it in by rename; the present one is kept."
        )
    names = basis.migrations if basis else ()
    if not names:
        return "The deployment applied no migration: nothing to take back."
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
