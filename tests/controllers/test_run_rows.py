from datetime import timedelta

import pytest

from backend.contracts.runs import DeployOptions, Run, RunState, StepState
from controllers import run_rows
from tests.gui.sample.clock import MOMENT
from tests.gui.sample.plan import sample_plan
from tests.gui.sample.story import run_at


def deployment(place: int, state: RunState = RunState.RUNNING) -> Run:
    options = DeployOptions(watch_minutes=30)
    return run_at(sample_plan(options), options, place, MOMENT, state=state)


def test_a_step_that_takes_too_long_says_so() -> None:
    run = deployment(5)
    plan = run.steps[4].plan.model_copy(update={"estimate_seconds": (12, 30)})
    step = run.steps[4].model_copy(update={"plan": plan})
    assert run_rows.time_against_estimate(step, MOMENT) == "0:03 / est. 12–30 s"
    later = MOMENT + timedelta(seconds=60)
    assert run_rows.time_against_estimate(step, later).endswith("longer than usual")
    assert run_rows.step_progress(step, later) == 1.0


def test_the_rest_is_the_middle_of_what_is_left() -> None:
    run = deployment(9)
    watch = sum(run.steps[9].plan.estimate_seconds) / 2
    elapsed = run_rows.elapsed_seconds(run.steps[8], MOMENT)
    current = max(0.0, sum(run.steps[8].plan.estimate_seconds) / 2 - elapsed)
    assert run_rows.remaining_seconds(run, MOMENT) == pytest.approx(watch + current)


def test_a_clock_behind_the_journal_shows_no_negative_time() -> None:
    run = deployment(5)
    assert run_rows.elapsed_seconds(run.steps[4], MOMENT - timedelta(hours=1)) == 0.0


def test_an_ended_run_has_no_waiting_steps() -> None:
    run = deployment(5, RunState.ROLLED_BACK)
    words = [row.mark.word for row in run_rows.step_rows(run, MOMENT)]
    assert words == ["done"] * 4 + ["failed"] + ["not run"] * 5


def test_criteria_come_from_the_plan_until_they_are_judged() -> None:
    step = deployment(5).steps[5]
    assert step.state is StepState.PENDING
    assert [row.trailing for row in run_rows.criteria_rows(step)] == ["waiting"] * 4


def test_a_criterion_that_is_not_met_says_so_in_words() -> None:
    step = deployment(5, RunState.FAILED).steps[4]
    assert run_rows.criteria_rows(step)[0].trailing.startswith("failed · port 8022")


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_has_a_headline(state: RunState) -> None:
    word, tone = run_rows.headline(deployment(5, state))
    assert state.value in word.lower()
    assert tone
