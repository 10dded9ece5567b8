"""What a service returns to, worked out from the history of runs."""

from pathlib import Path

from backend.contracts.runs import DeployOptions, Plan, PlannedStep, RunKind, RunState, StepState
from backend.deployment import playbook
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.deployment.rollback_basis import last_good
from backend.home import Home


def test_a_failed_run_that_planned_the_same_release_does_not_make_it_a_bad_one(tmp_path: Path) -> None:
    """A release that was never built gives its name to the next deployment."""
    home = Home(tmp_path)
    journal = Journal(home.journal)
    _run(journal, RunState.FAILED, StepState.PENDING)
    _run(journal, RunState.SUCCEEDED, StepState.DONE)
    journal.close()
    running = {"dlq-manager": "R-1", "metadata-enrichment": "R-0"}
    assert last_good(JournalReader(home), "sandbox", running) == running


def _run(journal: Journal, state: RunState, health: StepState) -> None:
    step = PlannedStep(
        key=playbook.HEALTH,
        number=1,
        title="Health",
        summary="looks",
        commands=(),
        criteria=(),
        estimate_seconds=(1, 2),
        estimate_source="test",
        on_failure="nothing",
    )
    plan = Plan(kind=RunKind.DEPLOY, environment="sandbox", release="R-1", steps=(step,))
    run = f"{state.value}-run"
    journal.create_run(run, plan, DeployOptions(), operator="me", host="here")
    if health is not StepState.PENDING:
        journal.start_step(run, playbook.HEALTH)
        journal.finish_step(run, playbook.HEALTH, health, "")
    journal.set_run(run, state, "")
