import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.contracts.errors import OperatorError
from backend.contracts.runs import (
    Control,
    Criterion,
    CriterionState,
    DeployOptions,
    Plan,
    PlannedCriterion,
    PlannedStep,
    RunKind,
    RunState,
    StepState,
)
from backend.deployment import liveness
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.home import Home


def _step(key: str, number: int, *, skipped: bool = False) -> PlannedStep:
    return PlannedStep(
        key=key,
        number=number,
        title=key.title(),
        summary="does it",
        commands=("true",),
        criteria=(PlannedCriterion(key="done", text="It is done"),),
        estimate_seconds=(1, 2),
        estimate_source="test",
        on_failure="nothing",
        skipped=skipped,
        skip_reason="not wanted" if skipped else "",
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def journal(home: Home) -> Journal:
    return Journal(home.journal)


@pytest.fixture
def run_id(journal: Journal) -> str:
    plan = Plan(
        kind=RunKind.DEPLOY,
        environment="sandbox",
        release="r1",
        steps=(_step("one", 1), _step("two", 2, skipped=True)),
    )
    journal.create_run("run-1", plan, DeployOptions(reason="why"), operator="ann", host="box")
    return "run-1"


def test_a_run_is_read_back_as_it_was_written(home: Home, journal: Journal, run_id: str) -> None:
    descriptor = liveness.take(home.run_folder(run_id))
    journal.set_run(run_id, RunState.RUNNING)
    journal.start_step(run_id, "one")
    found = Criterion(key="done", text="It is done", state=CriterionState.MET, evidence="42")
    journal.set_criterion(run_id, "one", found)
    run = JournalReader(home).run(run_id)
    os.close(descriptor)
    assert (run.state, run.operator, run.reason) == (RunState.RUNNING, "ann", "why")
    assert [s.state for s in run.steps] == [StepState.RUNNING, StepState.SKIPPED]
    assert run.steps[0].criteria == (found,)


def test_an_unfinished_run_without_a_runner_is_interrupted(home: Home, journal: Journal, run_id: str) -> None:
    journal.set_run(run_id, RunState.RUNNING)
    journal.start_step(run_id, "one")
    run = JournalReader(home).run(run_id)
    assert run.state is RunState.INTERRUPTED
    assert run.steps[0].state is StepState.UNKNOWN


def test_a_finished_run_needs_no_runner(home: Home, journal: Journal, run_id: str) -> None:
    journal.set_run(run_id, RunState.SUCCEEDED, "well", exit_code=0)
    run = JournalReader(home).run(run_id)
    assert (run.state, run.exit_code) == (RunState.SUCCEEDED, 0)
    assert run.finished_at is not None
    assert JournalReader(home).active_run("sandbox") is None


def test_output_is_paged_by_sequence(home: Home, journal: Journal, run_id: str) -> None:
    for number in range(5):
        journal.write_output(run_id, "one", "tool", f"line {number}")
    first = JournalReader(home).output(run_id, after=0, limit=3)
    rest = JournalReader(home).output(run_id, after=first[-1].sequence)
    assert [line.text for line in (*first, *rest)] == [f"line {n}" for n in range(5)]


def test_controls_are_taken_once_and_in_order(journal: Journal, run_id: str) -> None:
    journal.ask(run_id, Control.PAUSE, "ann")
    journal.ask(run_id, Control.STOP, "ann")
    assert journal.take_control(run_id) is Control.PAUSE
    assert journal.take_control(run_id) is Control.STOP
    assert journal.take_control(run_id) is None


def test_steps_of_a_rollback_are_added_once(home: Home, journal: Journal, run_id: str) -> None:
    for _ in range(2):
        journal.append_steps(run_id, [_step("rollback-verify", 3)])
    assert [s.plan.key for s in JournalReader(home).run(run_id).steps] == ["one", "two", "rollback-verify"]


def test_reading_creates_no_journal(home: Home) -> None:
    assert JournalReader(home).runs("sandbox") == []
    assert not home.journal.exists()
    with pytest.raises(OperatorError, match="no run nothing"):
        JournalReader(home).run("nothing")


def test_liveness_ends_with_the_process_that_holds_it(home: Home) -> None:
    folder = home.run_folder("run-1")
    descriptor = liveness.take(folder)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(descriptor,))
    os.close(descriptor)
    assert liveness.is_alive(folder)
    with pytest.raises(liveness.RunnerAliveError):
        liveness.take(folder)
    child.kill()
    child.communicate()
    assert not liveness.is_alive(folder)
