"""A window over sample ports."""

from pathlib import Path

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QApplication

from backend.contracts.runs import DeployOptions, Run, RunState
from controllers.console import Console
from controllers.ports import Ports
from tests.gui.sample.access import SampleAccess
from tests.gui.sample.background import ImmediateBackground
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.dead_letters import SampleDeadLetters
from tests.gui.sample.plan import sample_plan
from tests.gui.sample.profiles import SampleProfiles
from tests.gui.sample.providers import SampleProviders
from tests.gui.sample.runs import SampleRuns
from tests.gui.sample.settings import SampleSettings
from tests.gui.sample.stack import SampleStack
from tests.gui.sample.story import run_at
from tests.gui.sample.tracks import SampleTracks
from tests.gui.sample.waterfall import SampleWaterfall
from views.shell.geometry import WindowMemory
from views.shell.main_window import MainWindow
from views.theme.theme import Theme


class Stage:
    """Everything of one console; no thread, no waiting."""

    def __init__(self, theme: Theme, folder: Path, environment: str = "sandbox") -> None:
        self.clock = StoppedClock()
        self.stack = SampleStack(self.clock)
        self.runs = SampleRuns(self.clock)
        self.providers = SampleProviders(self.clock)
        self.waterfall = SampleWaterfall(self.clock)
        self.tracks = SampleTracks(self.clock)
        self.dead_letters = SampleDeadLetters(self.clock)
        self.settings = SampleSettings()
        self.access = SampleAccess(self.clock)
        self.profiles = SampleProfiles()
        self.background = ImmediateBackground()
        self.environment = environment
        ports = Ports(
            self.stack,
            self.runs,
            self.providers,
            self.waterfall,
            self.tracks,
            self.dead_letters,
            self.settings,
            self.access,
            self.profiles,
        )
        self.console = Console(ports, self.background, self.clock)
        self.window = MainWindow(theme, self.console, WindowMemory(folder / "desktop.ini"))

    def open(self, size: QSize | None = None) -> MainWindow:
        """Load the profiles and show the window at the overview."""
        self.console.session.load(self.environment)
        self.window.router.run("overview.open")
        self.window.resize(size or QSize(1440, 900))
        self.window.show()
        QApplication.processEvents()
        return self.window

    def keep_run(self, place: int, state: RunState = RunState.RUNNING, lines: int = 10) -> Run:
        """A deployment in the journal, at step `place`."""
        options = DeployOptions(watch_minutes=0 if self.environment == "sandbox" else 30)
        plan = sample_plan(options, self.environment)
        return self.runs.keep(run_at(plan, options, place, self.clock(), state=state), lines)

    def close(self) -> None:
        """Take everything down again."""
        self.console.stop()
        self.window.close()
        self.window.deleteLater()
        self.console.deleteLater()
        # Outside of a running event loop deferred deletions wait for ever unless they are sent.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
