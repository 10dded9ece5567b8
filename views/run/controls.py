"""Passes on what the operator asks of a run; what stops it is asked about first."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Slot

from backend.contracts.environment import Environment
from backend.contracts.runs import Control
from controllers.run_follower import RunFollower
from views.run.questions import ask_stop
from views.run.run_view import RunView

_HARMLESS = (Control.PAUSE, Control.CONTINUE)


class RunControls(QObject):
    """Between a RunView and its follower."""

    def __init__(
        self, view: RunView, follower: RunFollower, environment: Callable[[], Environment | None]
    ) -> None:
        super().__init__(view)
        self._view, self._follower, self._environment = view, follower, environment
        self._wanted = Control.STOP
        view.control_asked.connect(self._on_asked)

    @Slot(object)
    def _on_asked(self, control: Control) -> None:
        run = self._follower.run
        if control in _HARMLESS or run is None:
            self._follower.ask(control)
            return
        self._wanted = control
        overlay = ask_stop(self._view.window(), control, run, self._environment())
        overlay.confirmed.connect(self._on_confirmed, Qt.ConnectionType.SingleShotConnection)

    @Slot()
    def _on_confirmed(self) -> None:
        self._follower.ask(self._wanted)
