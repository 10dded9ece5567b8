"""Short affirmations in the corner of the window. They take no focus and go away by themselves."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QWidget

from controllers.marks import Mark, Shape
from views.theme.theme import Theme
from views.widgets.announce import announce
from views.widgets.base import GAP_M, button, label, row
from views.widgets.state_icon import StateIcon

MOST = 3
SHOWN_MS = 5000
_OK = Mark(Shape.TICK, "ok", "done")
_BAD = Mark(Shape.CROSS, "bad", "failed")


class Toast(QFrame):
    """One message. Hovering holds it; an error stays until it is closed."""

    def __init__(self, theme: Theme, text: str, *, bad: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "toast")
        self.text = text
        mark = StateIcon(theme, "check")
        mark.show_mark(_BAD if bad else _OK)
        self._close = button("Dismiss", "link")
        self._close.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._close.clicked.connect(self.deleteLater)
        message = label(text, wrap=len(text) > 60)
        self.setLayout(row(mark, message, self._close, gap=10, margin=(14, 8, 8, 8)))
        self.setMaximumWidth(460)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.deleteLater)
        if not bad:
            self._timer.start()
        self._stays = bad

    def enterEvent(self, event: QEnterEvent) -> None:
        """Hold while the pointer rests on it."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Go on."""
        if not self._stays:
            self._timer.start()
        super().leaveEvent(event)


class Toasts(QObject):
    """Stacks toasts at the lower right of `window`, at most three."""

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._theme, self._window = theme, window
        self._shown: list[Toast] = []
        window.installEventFilter(self)

    def texts(self) -> list[str]:
        """What is shown, oldest first."""
        return [toast.text for toast in self._shown]

    @Slot(str)
    def say(self, text: str) -> None:
        """Affirm what the operator did."""
        self._show(text, bad=False)

    @Slot(str)
    def warn(self, text: str) -> None:
        """Report a failure that has no place on the screen shown; it stays until it is closed."""
        self._show(text, bad=True)

    def _show(self, text: str, *, bad: bool) -> None:
        toast = Toast(self._theme, text, bad=bad, parent=self._window)
        toast.destroyed.connect(self._forget)
        for surplus in self._shown[: max(0, len(self._shown) - MOST + 1)]:
            surplus.deleteLater()
            self._shown.remove(surplus)
        self._shown.append(toast)
        toast.show()
        self._place()
        announce(self._window, text)

    @Slot(QObject)
    def _forget(self, gone: QObject) -> None:
        self._shown = [toast for toast in self._shown if toast is not gone]
        self._place()

    def _place(self) -> None:
        bottom = self._window.height() - 40
        for toast in reversed(self._shown):
            toast.adjustSize()
            bottom -= toast.height()
            toast.move(self._window.width() - toast.width() - 22, bottom)
            toast.raise_()
            bottom -= GAP_M

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the window is resized."""
        if watched is self._window and event.type() is QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)
