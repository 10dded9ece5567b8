"""The window: puts the screens together and sends actions where they belong. Nothing else happens here."""

from functools import cached_property

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtGui import QCloseEvent, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import Run, RunKind
from controllers.console import Console
from controllers.monitor import Snapshot
from controllers.session import TIER_WORDS, title_of
from views.breakers.view import BreakersView
from views.dead_letters.view import DeadLettersView
from views.deploy.view import DeployView
from views.end_to_end.view import EndToEndView
from views.environments.view import EnvironmentsView
from views.overview.view import OverviewView
from views.rollback.view import RollbackView
from views.settings.view import SettingsView
from views.shell.actions import ActionList
from views.shell.command_palette import ENVIRONMENT, CommandPalette
from views.shell.geometry import MINIMUM, WindowMemory
from views.shell.header import Header
from views.shell.navigation import Navigation
from views.shell.reasons import Reasons
from views.shell.router import Router
from views.shell.shortcut_sheet import ShortcutSheet
from views.shell.status_bar import StatusBar
from views.shell.unlock_dialog import UnlockDialog
from views.theme.theme import Theme
from views.tracks.view import TracksView
from views.waterfall.view import WaterfallView
from views.widgets.base import column, holder, row
from views.widgets.toast import Toasts

NARROW_WINDOW = 1240


class MainWindow(QMainWindow):
    """Signals: `closed` when the window was closed. A run at work goes on in its runner."""

    closed = Signal()

    def __init__(self, theme: Theme, console: Console, memory: WindowMemory) -> None:
        super().__init__()
        self.theme, self.console, self._memory = theme, console, memory
        self.setWindowTitle("SongNodes Console")
        self.setMinimumSize(MINIMUM)
        self.actions_list = ActionList(self)
        self.header = Header(theme, console.access)
        self.reasons = Reasons(self.actions_list, self)
        self.navigation = Navigation(theme)
        self.status = StatusBar()
        self.overview = OverviewView(theme, console.actions, console.plots, console.clock)
        self.deploy = DeployView(theme, console.deploy, console.clock)
        self.rollback = RollbackView(theme, console.rollback, console.clock)
        self.end_to_end = EndToEndView(theme, console.end_to_end)
        self._followers: list[OverviewView | SettingsView | EndToEndView] = [self.overview, self.end_to_end]
        self.screens = QStackedWidget()
        self._arrange()
        self.toasts = Toasts(theme, self)
        self.router = Router(self)
        self._wire()

    def _arrange(self) -> None:
        for screen in (self.overview, self.deploy, self.rollback, self.end_to_end):
            self.screens.addWidget(screen)
        content = holder(row(self.screens, margin=(22, 14, 22, 18)), "page")
        middle = row(self.navigation, content, gap=0)
        middle.setStretch(1, 1)
        whole = column(self.header, middle, self.status, gap=0)
        whole.setStretch(1, 1)
        centre = holder(whole, "page")
        self.setCentralWidget(centre)
        # Nobody has pressed Tab yet: no control shows a focus ring.
        centre.setFocus()

    def _wire(self) -> None:
        console = self.console
        console.session.loaded.connect(self.header.show_environments)
        console.session.changed.connect(self._on_environment)
        console.session.failed.connect(self._on_failed)
        console.monitor.changed.connect(self._on_snapshot)
        console.monitor.changed.connect(self.reasons.show_snapshot)
        console.access.changed.connect(self.reasons.show_access)
        console.access.done.connect(self.toasts.say)
        console.access.failed.connect(self._on_access_failed)
        console.actions.done.connect(self.toasts.say)
        console.settings.done.connect(self.toasts.say)
        console.environments.done.connect(self.toasts.say)
        console.settings.theme_chosen.connect(self.theme.choose)
        console.deploy.rollback_started.connect(self._on_rollback_started)
        console.breakers.badge_changed.connect(self.navigation.show_breakers)
        self.header.environment_chosen.connect(console.session.select)
        self.header.management_asked.connect(self._open_environments)
        self.header.search_asked.connect(self._open_palette)
        self.header.attention_asked.connect(self._open_overview)
        self.header.access.unlock_asked.connect(self._ask_unlock)
        self.header.access.lock_asked.connect(console.access.lock)
        self.navigation.chosen.connect(self.router.run)
        self.actions_list.triggered.connect(self.router.run)
        self.overview.action_asked.connect(self.router.run)
        self.overview.run_asked.connect(self.open_run)
        self.overview.run_card.continue_asked.connect(self.router.continue_interrupted)
        self.overview.run_card.rollback_asked.connect(self.router.take_back_interrupted)
        self.deploy.end_to_end_asked.connect(self._open_end_to_end)
        self.deploy.rollback_asked.connect(self._ask_rollback)
        self.deploy.active_asked.connect(self._open_active)

    # The screens below are made when they are first wanted: all at once would take most of a second. Made as
    # children of the stack they are polished once less.

    @cached_property
    def breakers(self) -> BreakersView:
        """The circuit-breaker screen."""
        screen = BreakersView(
            self.theme, self.console.breakers, self.console.plots, self.console.clock, self.screens
        )
        screen.action_asked.connect(self.router.run)
        screen.told.connect(self.toasts.say)
        screen.detail.letters_asked.connect(self._open_letters_of)
        self.screens.addWidget(screen)
        return screen

    @cached_property
    def waterfall(self) -> WaterfallView:
        """The waterfall editor."""
        screen = WaterfallView(self.theme, self.console.waterfall, self.screens)
        screen.action_asked.connect(self.router.run)
        screen.told.connect(self.toasts.say)
        self.screens.addWidget(screen)
        return screen

    @cached_property
    def tracks(self) -> TracksView:
        """The tracks screen."""
        screen = TracksView(self.theme, self.console.tracks, self.screens)
        screen.action_asked.connect(self.router.run)
        self.screens.addWidget(screen)
        return screen

    @cached_property
    def dead_letters(self) -> DeadLettersView:
        """The dead-letter screen."""
        screen = DeadLettersView(self.theme, self.console.dead_letters, self.screens)
        screen.action_asked.connect(self.router.run)
        screen.told.connect(self.toasts.say)
        screen.track_asked.connect(self._open_track)
        self.screens.addWidget(screen)
        return screen

    @cached_property
    def environments(self) -> EnvironmentsView:
        """The environment editor."""
        screen = EnvironmentsView(self.theme, self.console.environments, self.screens)
        self.screens.addWidget(screen)
        return screen

    @cached_property
    def settings(self) -> SettingsView:
        """The settings."""
        screen = SettingsView(self.theme, self.console.settings, self.screens)
        screen.appearance.show_theme(self.theme.choice)
        self.screens.addWidget(screen)
        self._followers.append(screen)
        if self.console.session.current is not None:
            screen.show_environment(self.console.session.current)
        return screen

    def show_screen(self, screen: QWidget, action_id: str) -> None:
        """Show one screen and mark it in the navigation."""
        self.screens.setCurrentWidget(screen)
        self.navigation.show_current(action_id)

    @Slot(object)
    def open_run(self, run: Run) -> None:
        """Show an unfinished run where its kind belongs."""
        if run.kind is RunKind.DEPLOY:
            self.console.deploy.show(run)
            self.router.run("deploy.open")
        else:
            self.console.rollback.follow(run.id)
            self.show_screen(self.rollback, "rollback.open")

    @Slot(object)
    def _on_environment(self, environment: Environment) -> None:
        word = TIER_WORDS[environment.tier]
        self.setWindowTitle(f"{word} · {title_of(environment)} — SongNodes Console")
        self.header.show_environment(environment)
        for screen in self._followers:
            screen.show_environment(environment)

    @Slot(object)
    def _on_snapshot(self, snapshot: Snapshot) -> None:
        for part in (self.header, self.status, self.overview, self.rollback):
            part.show_snapshot(snapshot)
        status = snapshot.status
        self.deploy.run.show_holder(status.lock if status is not None else None)
        self.navigation.show_letters(status.dead_letters if status is not None else None)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.overview.show_error(error)

    @Slot(str)
    def _on_rollback_started(self, _run_id: str) -> None:
        self.router.run("rollback.open")

    @Slot()
    def _open_active(self) -> None:
        active = self.console.monitor.snapshot.active
        if active is None:
            self.toasts.say("That run has ended meanwhile. You can deploy now.")
        else:
            self.open_run(active)

    @Slot(object)
    def _on_access_failed(self, error: OperatorError) -> None:
        self.toasts.warn(error.sentence())

    @Slot()
    def _open_environments(self) -> None:
        self.router.run("environments.open")

    @Slot()
    def _ask_unlock(self) -> None:
        self.router.run("access.unlock")

    @Slot()
    def _open_overview(self) -> None:
        self.router.run("overview.open")

    @Slot()
    def _open_end_to_end(self) -> None:
        self.router.run("end-to-end.open")

    @Slot(str)
    def _open_letters_of(self, provider: str) -> None:
        self.router.run("dead-letters.open")
        self.dead_letters.show_query(f"provider:{provider}")

    @Slot(str)
    def _open_track(self, track_id: str) -> None:
        self.router.run("tracks.open")
        self.tracks.show_stored(track_id)

    @Slot()
    def _ask_rollback(self) -> None:
        self.router.run("rollback.ask")

    @Slot()
    def _open_palette(self) -> None:
        self.router.run("palette.open")

    def open_palette(self) -> None:
        """Open the command palette."""
        palette = CommandPalette(self.theme, self.actions_list, self.console.session.environments, self)
        palette.chosen.connect(self._on_palette)
        palette.ask()

    def ask_unlock(self) -> None:
        """Open the question before production can be changed, where there is one."""
        state = self.console.access.state
        if state is not None and state.read_only:
            UnlockDialog(self.theme, self.console.access, self).ask()

    def open_shortcuts(self) -> None:
        """Open the shortcut sheet."""
        ShortcutSheet(self.actions_list, self).ask()

    @Slot(str)
    def _on_palette(self, chosen: str) -> None:
        if chosen.startswith(ENVIRONMENT):
            self.console.session.select(chosen.removeprefix(ENVIRONMENT))
        else:
            self.router.run(chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the screens room where the window is narrow."""
        narrow = event.size().width() < NARROW_WINDOW
        self.navigation.collapse(narrow)
        self.header.collapse(narrow)
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Measure while the window can be seen."""
        self.console.set_visible(True)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop measuring when nobody can see it."""
        self.console.set_visible(False)
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A minimised window cannot be seen either."""
        if event.type() is QEvent.Type.WindowStateChange:
            self.console.set_visible(self.isVisible() and not self.isMinimized())
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the place. Nothing is asked: a run does not need the window."""
        current = self.console.session.current
        self._memory.keep(self, current.name if current is not None else "")
        self.closed.emit()
        super().closeEvent(event)
