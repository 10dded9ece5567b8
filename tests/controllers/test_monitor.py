import pytest
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from controllers.monitor import Freshness, Snapshot, StackMonitor, freshness
from tests.gui.sample.background import ImmediateBackground
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.runs import SampleRuns
from tests.gui.sample.stack import SampleStack


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (None, Freshness.UNKNOWN),
        (0.0, Freshness.LIVE),
        (10.0, Freshness.LIVE),
        (10.5, Freshness.STALE),
        (45.0, Freshness.STALE),
        (46.0, Freshness.UNKNOWN),
    ],
)
def test_freshness(age: float | None, expected: Freshness) -> None:
    assert freshness(age) is expected


def test_another_environment_starts_with_nothing_known(
    qtbot: QtBot,
    stack: SampleStack,
    runs: SampleRuns,
    background: ImmediateBackground,
    clock: StoppedClock,
) -> None:
    monitor = StackMonitor(stack, runs, background, clock)
    monitor.watch("sandbox")
    assert monitor.snapshot.status is not None
    stack.error = OperatorError("It does not answer.")
    heard: list[Snapshot] = []
    monitor.changed.connect(heard.append)
    monitor.watch("production")
    assert heard[0] == Snapshot()
    assert monitor.snapshot.status is None
    assert monitor.snapshot.words == "Unknown · no data yet"
    assert monitor.snapshot.error is stack.error


def test_a_success_clears_the_error(
    qtbot: QtBot,
    stack: SampleStack,
    runs: SampleRuns,
    background: ImmediateBackground,
    clock: StoppedClock,
) -> None:
    monitor = StackMonitor(stack, runs, background, clock)
    stack.error = OperatorError("It does not answer.")
    monitor.watch("sandbox")
    stack.error = None
    monitor.measure()
    assert monitor.snapshot.error is None
    assert monitor.snapshot.freshness is Freshness.LIVE
