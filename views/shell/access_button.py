"""The header's word on read-only: whether the environment can be changed, and until when."""

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from backend.contracts.access import AccessState
from controllers.access import AccessController, minutes_left
from views.theme.icons import icon
from views.theme.theme import Theme
from views.widgets.base import restyle


class AccessButton(QPushButton):
    """Hidden where nothing is protected.

    Signals: `unlock_asked`; `lock_asked`.
    """

    unlock_asked = Signal()
    lock_asked = Signal()

    def __init__(self, theme: Theme, controller: AccessController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._controller = theme, controller
        self.setProperty("kind", "access")
        self.setObjectName("access")
        self.setAutoDefault(False)
        self.setIconSize(QSize(13, 13))
        self.hide()
        self.clicked.connect(self._on_clicked)
        controller.changed.connect(self._show)
        theme.changed.connect(self._draw)

    @Slot(object)
    def _show(self, state: AccessState) -> None:
        self.setVisible(state.protected)
        if not state.protected:
            return
        left = minutes_left(state, self._controller.now)
        restyle(self, tone="muted" if state.read_only else "warn")
        self.setText("Read-only" if state.read_only else f"Unlocked {left} min")
        if state.read_only:
            self.setAccessibleName(f"{state.environment} is read-only. Unlock it")
            self.setToolTip("Nothing can be changed here. Press to unlock it for a while.")
        else:
            self.setAccessibleName(f"{state.environment} is unlocked for {left} minutes. Make it read-only")
            self.setToolTip(f"Unlocked by {state.by}: {state.reason}. Press to make it read-only again now.")
        self._draw()

    @Slot()
    def _draw(self) -> None:
        state = self._controller.state
        if state is None:
            return
        colour = self._theme.tokens.colour("muted" if state.read_only else "warn")
        self.setIcon(icon("lock" if state.read_only else "lock-open", colour, 13))

    @Slot()
    def _on_clicked(self) -> None:
        state = self._controller.state
        if state is not None:
            (self.unlock_asked if state.read_only else self.lock_asked).emit()
