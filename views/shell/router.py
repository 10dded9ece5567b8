"""Sends the id of an action to what carries it out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.control import ControlAction
from backend.contracts.environment import Tier
from backend.contracts.runs import RunKind
from controllers.deploy_wizard import Page
from controllers.session import title_of
from views.dead_letters.view import DeadLettersView
from views.run.questions import ask_interrupted_rollback
from views.tracks.view import TracksView
from views.waterfall.view import WaterfallView
from views.widgets.confirm import ConfirmOverlay

if TYPE_CHECKING:
    from views.shell.main_window import MainWindow


BREAKER_ACTIONS = {
    "breakers.probe": ControlAction.PROBE,
    "breakers.close": ControlAction.CLOSE,
    "breakers.force-open": ControlAction.FORCE_OPEN,
    "breakers.disable": ControlAction.DISABLE,
    "breakers.shadow": ControlAction.SHADOW,
}
"""Actions on the provider that is selected on the screen of circuit breakers."""

_WATERFALL_CALLS: dict[str, Callable[[WaterfallView], None]] = {
    "waterfall.review": lambda screen: screen.dialogs.review(),
    "waterfall.history": lambda screen: screen.dialogs.history(),
    "waterfall.add": lambda screen: screen.dialogs.add_source(),
    "waterfall.copy-order": lambda screen: screen.dialogs.copy_order(),
    "waterfall.discard": lambda screen: screen.bar.discard(),
}
WATERFALL_ACTIONS = tuple(_WATERFALL_CALLS)
"""Actions that need a waterfall in force."""

_TRACKS_CALLS: dict[str, Callable[[TracksView], None]] = {
    "tracks.find": TracksView.focus_filter,
    "tracks.import": TracksView.ask_import,
    "tracks.replay": TracksView.ask_replay,
}
TRACKS_ACTIONS = tuple(_TRACKS_CALLS)
"""Actions on tracks that a stack keeps."""

_LETTERS_CALLS: dict[str, Callable[[DeadLettersView], None]] = {
    "dead-letters.find": DeadLettersView.focus_query,
    "dead-letters.sample": lambda screen: screen.acting.ask_sample(),
    "dead-letters.retry": lambda screen: screen.acting.ask_retry(),
    "dead-letters.discard": lambda screen: screen.acting.ask_discard(),
    "dead-letters.export": lambda screen: screen.acting.ask_export(),
}
LETTERS_ACTIONS = tuple(_LETTERS_CALLS)
"""Actions on the letters that are shown."""


class Router(QObject):
    """One entry an action; the ids are those of the action list."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._console = window.console
        self._routes: dict[str, Callable[[], object]] = {
            "overview.open": partial(self._show, window.overview, "overview.open"),
            "deploy.open": partial(self._show, window.deploy, "deploy.open"),
            "deploy.new": self._new_deployment,
            "rollback.open": self._open_rollback,
            "rollback.ask": self._ask_rollback,
            "breakers.open": self._open_breakers,
            "breakers.filter": self._filter_breakers,
            "breakers.reset-all": self._reset_all_breakers,
            **{each: partial(self._ask_breaker, action) for each, action in BREAKER_ACTIONS.items()},
            "waterfall.open": self._open_waterfall,
            **{each: partial(self._on_waterfall, call) for each, call in _WATERFALL_CALLS.items()},
            "waterfall.filter": partial(self._on_waterfall, WaterfallView.focus_filter),
            "tracks.open": self._open_tracks,
            **{each: partial(self._on_tracks, call) for each, call in _TRACKS_CALLS.items()},
            "dead-letters.open": self._open_letters,
            **{each: partial(self._on_letters, call) for each, call in _LETTERS_CALLS.items()},
            "environments.open": self._open_environments,
            "environments.add": self._add_environment,
            "environments.test": self._test_environment,
            "settings.open": self._open_settings,
            "end-to-end.open": self._open_end_to_end,
            "palette.open": window.open_palette,
            "shortcuts.open": window.open_shortcuts,
            "refresh": self._refresh,
            "stack.health": self._check_health,
            "stack.start": self._console.actions.start,
            "stack.stop": self._ask_stop,
            "access.unlock": window.ask_unlock,
            "access.lock": self._console.access.lock,
            "theme.dark": partial(self._console.settings.choose_theme, "dark"),
            "theme.light": partial(self._console.settings.choose_theme, "light"),
            "theme.system": partial(self._console.settings.choose_theme, "system"),
            "toast.copied": partial(window.toasts.say, "Copied the details."),
            "window.quit": window.close,
        }

    @Slot(str)
    def run(self, action_id: str) -> None:
        """Carry out one action; KeyError for an id that nothing carries out."""
        self._routes[action_id]()

    @Slot()
    def continue_interrupted(self) -> None:
        """Go on with the interrupted run, seen on its own screen."""
        active = self._console.monitor.snapshot.active
        if active is None:
            return
        self._window.open_run(active)
        if active.kind is RunKind.DEPLOY:
            self._console.deploy.resume()
        else:
            self._console.rollback.resume()

    @Slot()
    def take_back_interrupted(self) -> None:
        """Ask, then take the interrupted run back."""
        active = self._console.monitor.snapshot.active
        if active is None:
            return
        self._window.open_run(active)
        if active.kind is RunKind.DEPLOY:
            overlay = ask_interrupted_rollback(self._window, active, self._console.session.current)
            overlay.confirmed.connect(self._console.deploy.roll_back_interrupted)

    def _show(self, screen: QWidget, action_id: str) -> None:
        self._window.show_screen(screen, action_id)

    def _new_deployment(self) -> None:
        """A result of before gives way; a run at work stays."""
        if self._console.deploy.wizard.page is Page.RESULT:
            self._console.deploy.restart()
        self._show(self._window.deploy, "deploy.open")

    def _open_breakers(self) -> None:
        self._show(self._window.breakers, "breakers.open")

    def _open_waterfall(self) -> None:
        self._show(self._window.waterfall, "waterfall.open")

    def _open_tracks(self) -> None:
        self._show(self._window.tracks, "tracks.open")

    def _open_letters(self) -> None:
        self._show(self._window.dead_letters, "dead-letters.open")

    def _open_end_to_end(self) -> None:
        self._show(self._window.end_to_end, "deploy.open")

    def _filter_breakers(self) -> None:
        self._open_breakers()
        self._window.breakers.focus_filter()

    def _reset_all_breakers(self) -> None:
        self._open_breakers()
        self._window.breakers.ask_reset_all()

    def _ask_breaker(self, action: ControlAction) -> None:
        self._open_breakers()
        self._window.breakers.ask(action)

    def _on_waterfall(self, call: Callable[[WaterfallView], None]) -> None:
        self._open_waterfall()
        call(self._window.waterfall)

    def _on_tracks(self, call: Callable[[TracksView], None]) -> None:
        self._open_tracks()
        call(self._window.tracks)

    def _on_letters(self, call: Callable[[DeadLettersView], None]) -> None:
        self._open_letters()
        call(self._window.dead_letters)

    def _open_rollback(self) -> None:
        self._window.show_screen(self._window.rollback, "rollback.open")
        self._console.rollback.refresh()

    def _ask_rollback(self) -> None:
        self._open_rollback()
        self._console.rollback.offer()

    def _open_settings(self) -> None:
        self._window.show_screen(self._window.settings, "settings.open")
        self._console.settings.refresh()

    def _open_environments(self) -> None:
        self._window.show_screen(self._window.environments, "settings.open")

    def _add_environment(self) -> None:
        self._open_environments()
        self._window.environments.add()

    def _test_environment(self) -> None:
        self._open_environments()
        self._console.environments.test()

    def _check_health(self) -> None:
        self._window.show_screen(self._window.overview, "overview.open")
        self._console.actions.check_health()

    def _refresh(self) -> None:
        self._console.session.load()
        self._console.monitor.measure()
        self._console.rollback.refresh()
        self._console.settings.refresh()
        self._console.access.refresh()
        self._console.breakers.feed.look_again()
        self._console.breakers.readings.refresh()
        self._console.waterfall.refresh()
        self._console.tracks.refresh()
        self._console.dead_letters.refresh()

    def _ask_stop(self) -> None:
        """A practice ground is stopped at once; elsewhere it is asked, with the name typed in production."""
        environment = self._console.session.current
        if environment is None:
            return
        if environment.tier is Tier.DEV:
            self._console.actions.stop()
            return
        overlay = ConfirmOverlay(
            self._window,
            f"Stop the stack of {title_of(environment)}?",
            "All services stop answering until the stack is started again. Data and dead letters stay.",
            "Stop stack",
            environment.name if environment.tier is Tier.PRODUCTION else "",
        )
        overlay.confirmed.connect(self._console.actions.stop)
        overlay.ask()
