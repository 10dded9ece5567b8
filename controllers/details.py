"""What "Copy details" puts on the clipboard: enough for a report, nothing secret."""

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, Finding, Run, StepState
from controllers.run_rows import title


def error_details(error: OperatorError, environment: str, now: datetime) -> str:
    """An error with what it happened to."""
    return _lines(
        ("What happened", error.message),
        ("What to do", error.remedy),
        ("Environment", environment),
        ("Time", now.isoformat(timespec="seconds")),
        ("Console", console_version()),
    )


def run_details(run: Run) -> str:
    """A run's outcome with the steps and criteria that failed."""
    lines = [
        ("Run", f"{run.id} ({title(run)})"),
        ("Outcome", run.state.value),
        ("Message", run.message),
        ("Environment", run.environment),
        ("Operator", f"{run.operator}@{run.host}"),
        ("Started", run.created_at.isoformat(timespec="seconds")),
        ("Release before", run.release_before),
        ("Release after", run.release_after),
        ("Exit code", "" if run.exit_code is None else str(run.exit_code)),
    ]
    for step in run.steps:
        if step.state in (StepState.FAILED, StepState.UNKNOWN):
            lines.append(
                (f"Step {step.plan.number} {step.state.value}", f"{step.plan.title}: {step.message}")
            )
            lines += [
                ("  Criterion failed", f"{criterion.text}: {criterion.evidence}")
                for criterion in step.criteria
                if criterion.state is CriterionState.FAILED
            ]
    return _lines(*lines, ("Console", console_version()))


def finding_details(finding: Finding, environment: str, now: datetime) -> str:
    """A finding with its evidence."""
    return _lines(
        ("What", finding.title),
        ("State", finding.state.value),
        ("Evidence", finding.evidence),
        ("What to do", finding.remedy),
        ("Environment", environment),
        ("Time", now.isoformat(timespec="seconds")),
        ("Console", console_version()),
    )


def console_version() -> str:
    """Version of the installed console; `from source` when it was not installed."""
    try:
        return version("songnodes-console")
    except PackageNotFoundError:
        return "from source"


def _lines(*pairs: tuple[str, str]) -> str:
    return "\n".join(f"{label}: {value}" for label, value in pairs if value)
