"""Whether the music database has the schema that this release needs."""

from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.database.address import DatabaseMissingError
from backend.database.migrations.files import load_set
from backend.database.migrations.runner import MigrationRunner
from backend.deployment.checks import finding
from backend.targets.port import Target

SCHEMA = "schema"
_TITLE = "Database schema complete"
_REMEDY = "Apply the pending migrations with: main.py migrate, or deploy."


def check_schema(target: Target) -> Finding:
    """Whether every medallion migration is applied; unknown when the database does not answer."""
    folder = target.migrations("medallion")
    try:
        runner = MigrationRunner(target.musicdb(), folder)
        pending, revision = runner.pending(), runner.current_revision()
    except DatabaseMissingError:
        return finding(SCHEMA, _TITLE, False, "no schema: the database is missing", _REMEDY)
    except OperatorError as error:
        return Finding(
            key=SCHEMA,
            title=_TITLE,
            state=CriterionState.UNKNOWN,
            evidence=error.message,
            remedy=error.remedy,
        )
    newest = load_set(folder)[-1].name[:3]
    evidence = f"schema {revision[:3]}" if revision else "no schema"
    if pending and revision:
        evidence = f"schema {revision[:3]} of {newest}"
    return finding(SCHEMA, _TITLE, not pending, evidence, _REMEDY)
