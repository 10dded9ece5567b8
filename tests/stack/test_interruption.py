"""kill -9 of the runner in every step: it is found at once, and both ways on end well."""

import os
import signal
import time

import pytest

from backend.contracts.environment import SERVICES
from backend.contracts.runs import RunState, StepState
from backend.deployment import playbook
from tests.fixtures.sandbox import Sandbox
from tests.waiting import wait_until

pytestmark = pytest.mark.stack

STEPS = [text.key for text in playbook.STEPS]
CONTINUED = [playbook.BACKUP, playbook.MIGRATE, playbook.BUILD, playbook.UPDATE_SERVICES, playbook.WATCH]
TAKEN_BACK = [playbook.MIGRATE, playbook.NEW_SERVICES, playbook.SMOKE]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Continuing is tried in five steps, taking back in three; both in all ten with --full-faults."""
    full = metafunc.config.getoption("--full-faults")
    if "step" in metafunc.fixturenames:
        metafunc.parametrize("step", STEPS if full else CONTINUED)
    if "step_taken_back" in metafunc.fixturenames:
        metafunc.parametrize("step_taken_back", STEPS if full else TAKEN_BACK)


def _kill_runner(sandbox: Sandbox, run_id: str) -> None:
    os.kill(sandbox.composition.reader.fact(run_id, "runner")["process_id"], signal.SIGKILL)


def _interrupt_in(sandbox: Sandbox, step: str) -> str:
    """Start a deployment and kill its runner as soon as `step` has begun."""
    before = sandbox.composition.reader.runs("sandbox", 1)
    words = ("deploy", "--yes", "--watch", "1") if step == playbook.WATCH else ("deploy", "--yes")
    with sandbox.start(*words) as process:
        wait_until(lambda: sandbox.composition.reader.runs("sandbox", 1) != before)
        run_id = sandbox.newest_run().id
        sandbox.wait_for_step(run_id, step)
        _kill_runner(sandbox, run_id)
        process.communicate(timeout=60)
    return run_id


@pytest.fixture(scope="module")
def stack(deployed: Sandbox) -> Sandbox:
    return deployed


def test_a_killed_run_is_found_and_can_be_continued(stack: Sandbox, step: str) -> None:
    run_id = _interrupt_in(stack, step)
    started = time.monotonic()
    refused = stack.command("deploy", "--yes")
    if step != playbook.WATCH:
        assert refused.returncode == 4, refused.stdout + refused.stderr
        assert "was interrupted" in refused.stderr
        assert f"--resume {run_id}" in refused.stderr
        assert time.monotonic() - started < 5
    recovery = stack.composition.runs().recovery(run_id)
    assert recovery.run.state is RunState.INTERRUPTED
    assert "Done:" in recovery.summary
    done = stack.command("deploy", "--resume", run_id)
    assert done.returncode == 0, done.stdout + done.stderr
    run = stack.wait_for_end(run_id)
    assert run.state in (RunState.SUCCEEDED, RunState.SUPERSEDED), run.message
    assert all(s.state in (StepState.DONE, StepState.SKIPPED) for s in run.steps)
    assert stack.command("health", "--wait").returncode == 0


def test_a_killed_run_can_be_taken_back(stack: Sandbox, step_taken_back: str) -> None:
    before = {s.release for s in stack.target.services() if s.name in SERVICES}
    run_id = _interrupt_in(stack, step_taken_back)
    done = stack.command("rollback", "--interrupted", run_id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stack.run_state(run_id) is RunState.ROLLED_BACK
    assert {s.release for s in stack.target.services() if s.name in SERVICES} == before
    assert stack.command("health", "--wait").returncode == 0
