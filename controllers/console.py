"""All controllers together, and what they tell one another."""

from PySide6.QtCore import QObject, Slot

from backend.contracts.environment import Environment
from controllers.access import AccessController
from controllers.breakers import BreakersController
from controllers.clock import Clock, system_clock
from controllers.dead_letters import DeadLettersController
from controllers.deploy import DeployController
from controllers.end_to_end import EndToEndController
from controllers.environments import EnvironmentsController
from controllers.monitor import Snapshot, StackMonitor
from controllers.ports import Ports
from controllers.preload import Preload
from controllers.rollback import RollbackController
from controllers.session import Session
from controllers.settings import SettingsController
from controllers.stack_actions import StackActions
from controllers.streams import StreamingBackground
from controllers.tracks import TracksController
from controllers.waterfall import WaterfallController


class Console(QObject):
    """Owns the controllers. The window shows them; without a window they work just the same."""

    def __init__(
        self,
        ports: Ports,
        background: StreamingBackground,
        clock: Clock = system_clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.clock = clock
        self.session = Session(ports.stack, background, self)
        self.monitor = StackMonitor(ports.stack, ports.runs, background, clock, self)
        self.access = AccessController(ports.access, background, clock, self)
        self.deploy = DeployController(ports.runs, background, self)
        self.rollback = RollbackController(ports.runs, background, self)
        self.breakers = BreakersController(ports.providers, background, clock, self)
        self.tracks = TracksController(ports.tracks, background, clock, self)
        self.dead_letters = DeadLettersController(ports.dead_letters, background, clock, self)
        self.waterfall = WaterfallController(ports.waterfall, self.breakers, background, clock, self)
        self.end_to_end = EndToEndController(ports.stack, background, self)
        self.actions = StackActions(ports.stack, background, self)
        self.environments = EnvironmentsController(ports.profiles, background, self)
        self.settings = SettingsController(ports.settings, background, self)
        # Plots cost most of a second to import; the name is all that controllers know of them.
        self.plots = Preload(background, "pyqtgraph", self)
        self._wire()

    def stop(self) -> None:
        """Ask nothing more: the window is closed. Runs go on in their runners."""
        self.monitor.set_visible(False)
        self.access.stop()
        self.breakers.stop()
        self.tracks.stop()
        self.dead_letters.stop()
        self.environments.stop()
        self.waterfall.stop()
        self.deploy.follower.stop()
        self.rollback.follower.stop()

    def set_visible(self, visible: bool) -> None:
        """Measure and follow only while the window can be seen."""
        self.monitor.set_visible(visible)
        self.breakers.feed.set_visible(visible)
        self.dead_letters.set_visible(visible=visible)

    def _wire(self) -> None:
        self.session.changed.connect(self._on_environment)
        self.monitor.changed.connect(self._on_snapshot)
        self.monitor.changed.connect(self._follow_access)
        self.actions.done.connect(self.monitor.measure)
        self.deploy.follower.ended.connect(self._on_run_ended)
        self.rollback.follower.ended.connect(self._on_run_ended)
        self.deploy.rollback_started.connect(self.rollback.follow)
        self.settings.profile_changed.connect(self._reload_profiles)
        self.environments.written.connect(self._reload_profiles)

    @Slot(object)
    def _on_environment(self, environment: Environment) -> None:
        for controller in (
            self.deploy,
            self.rollback,
            self.breakers,
            self.tracks,
            self.dead_letters,
            self.waterfall,
            self.end_to_end,
            self.actions,
            self.settings,
            self.access,
        ):
            controller.set_environment(environment)
        self.monitor.watch(environment.name)

    @Slot(object)
    def _on_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.status is not None:
            self.breakers.feed.set_deployed(snapshot.status.deployed)
            self.waterfall.feed.set_deployed(snapshot.status.deployed)
            self.tracks.set_deployed(deployed=snapshot.status.deployed)
            self.dead_letters.set_deployed(deployed=snapshot.status.deployed)
        self.deploy.consider(snapshot.active)
        self.rollback.consider(snapshot.active)

    @Slot(object)
    def _follow_access(self, _snapshot: object) -> None:
        self.access.refresh()

    @Slot(object)
    def _on_run_ended(self, _run: object) -> None:
        self.monitor.measure()
        self.rollback.refresh()

    @Slot()
    def _reload_profiles(self) -> None:
        self.session.load()
