"""The Qt thread stays free while a run pours out output."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.background import BackgroundLoop
from app.desktop import make_window
from app.watchdog import StallWatchdog
from backend.contracts.runs import DeployOptions, RunState
from tests.gui.sample import stack as stacks
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.plan import sample_plan
from tests.gui.sample.ports import sample_ports
from tests.gui.sample.runs import SampleRuns
from tests.gui.sample.settings import SampleSettings
from tests.gui.sample.stack import SampleStack
from tests.gui.sample.story import output_until, run_at
from tests.gui.taking_down import take_down

LINES = 100_000


class HomeSettings(SampleSettings):
    """Keeps the window's place in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def home(self) -> str:
        return str(self._folder)


@pytest.mark.gui
def test_a_hundred_thousand_lines_stall_nothing(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    """The real background thread, the real window, a run that says a hundred thousand lines."""
    clock = StoppedClock()
    runs, stack = SampleRuns(clock), SampleStack(clock)
    stack.current = stacks.healthy
    options = DeployOptions()
    run = run_at(sample_plan(options), options, 5, clock())
    runs.kept[run.id], runs.lines[run.id] = run, output_until(run, LINES)
    background = BackgroundLoop()
    background.start()
    ports = sample_ports(clock, stack=stack, runs=runs, settings=HomeSettings(tmp_path))
    window = make_window(qapp, ports, background)
    window.resize(QSize(1440, 900))
    window.show()
    window.router.run("deploy.open")
    qtbot.waitUntil(lambda: window.deploy.run.steps.rowCount() == 10)
    watchdog = StallWatchdog()
    watchdog.start()
    qtbot.waitUntil(lambda: window.deploy.run.output.table.model().rowCount() == LINES, timeout=60_000)
    runs.kept[run.id] = run_at(run.plan, options, 11, clock(), state=RunState.SUCCEEDED, run_id=run.id)
    qtbot.waitUntil(window.deploy.result.isVisible, timeout=10_000)
    watchdog.stop()
    window.console.stop()
    assert background.stop()
    take_down(window)
    # Processor time and not the clock: other work on the machine may take the processor away meanwhile.
    own = [stall for stall in watchdog.stalls if stall.busy_seconds > 0.1]
    assert not own, f"the window stalled for {own[0].busy_seconds:.3f} s of work at\n{own[0].stack}"
