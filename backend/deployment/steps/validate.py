"""Step 1: the machine, the infrastructure and the migrations' files are what a deployment needs."""

from collections.abc import Iterator

from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding
from backend.database.migrations.failures import MigrationRefusedError
from backend.database.migrations.files import load_set
from backend.database.migrations.runner import MigrationRunner
from backend.deployment import playbook
from backend.deployment.checks import blocking, finding
from backend.deployment.context import LooksOnly, RunContext, StepFailedError, StepReport
from backend.targets.port import Target


def validate(target: Target) -> Iterator[Finding]:
    """All checks of the playbook's step 1, as far as they apply to the target. Looks only."""
    yield from target.check_host()
    yield from target.check_infrastructure()
    yield from (_check_migrations(target, name) for name in ("medallion", "operations"))
    yield finding(
        "profile",
        "Environment profile",
        True,
        f"{target.environment.name}: {target.environment.kind.value}, {target.environment.tier.value}",
    )


class ValidateStep(LooksOnly):
    """Runs every check and stops the deployment when a critical one fails."""

    key = playbook.VALIDATE

    def act(self, context: RunContext, report: StepReport) -> str:
        """Check; nothing is changed."""
        report.checking("checks")
        found = list(validate(context.target))
        report.findings(found)
        bad = blocking(found)
        if bad:
            report.failed("checks", ", ".join(f.title for f in bad))
            raise StepFailedError(f"{bad[0].title}: {bad[0].evidence}. {bad[0].remedy}".strip(), bad)
        passed = sum(1 for f in found if f.state is CriterionState.MET)
        report.met("checks", f"{passed} checks passed")
        warnings = [f.title for f in found if f.state is CriterionState.WARNING]
        report.met("warnings", ", ".join(warnings) + " (not critical)" if warnings else "none")
        return f"{passed} checks passed" + (f", {len(warnings)} warnings" if warnings else "")


def _check_migrations(target: Target, name: str) -> Finding:
    title = f"Migration files ({name})"
    try:
        migrations = load_set(target.migrations(name))
    except OperatorError as error:
        return finding(f"migrations-{name}", title, False, error.message, error.remedy)
    refusal = _refusal(target, name)
    if refusal is not None:
        return finding(f"migrations-{name}", title, False, refusal.message, refusal.remedy)
    return finding(f"migrations-{name}", title, True, f"{len(migrations)} with up, down and verify")


def _refusal(target: Target, name: str) -> MigrationRefusedError | None:
    """Why step 3 would refuse these files; None when it would not, or there is no database to ask yet."""
    address = target.musicdb() if name == "medallion" else target.operations_database()
    try:
        MigrationRunner(address, target.migrations(name)).pending()
    except MigrationRefusedError as error:
        return error
    except OperatorError:
        return None  # no server or database yet: what keeps them away is a finding of its own
    return None
