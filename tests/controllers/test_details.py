from datetime import UTC, datetime

from backend.contracts.errors import OperatorError
from backend.contracts.runs import DeployOptions, RunState
from controllers.details import error_details, run_details
from tests.gui.sample.clock import MOMENT
from tests.gui.sample.plan import sample_plan
from tests.gui.sample.story import run_at


def test_an_error_is_copied_with_what_it_happened_to() -> None:
    error = OperatorError("The port 8022 is in use.", "Stop what holds it.")
    text = error_details(error, "sandbox", datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    assert "What happened: The port 8022 is in use." in text
    assert "What to do: Stop what holds it." in text
    assert "Environment: sandbox" in text
    assert "2026-11-23T14:00:00+00:00" in text


def test_a_failed_run_is_copied_with_step_and_criterion() -> None:
    options = DeployOptions()
    text = run_details(run_at(sample_plan(options), options, 5, MOMENT, state=RunState.FAILED))
    assert "Step 5 failed: Deploy new services" in text
    assert "port 8022 is held by another process" in text
    assert "Exit code: 1" in text
