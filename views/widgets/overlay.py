"""Dialogues inside the window: a dimmed ground and a card in the middle.

They are widgets of the window and not windows of their own, so they cannot get lost behind it, and they
open without a nested event loop.
"""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from views.widgets.base import column, frame

MARGIN = 24


class Overlay(QWidget):
    """Covers its parent, keeps the keyboard inside, closes on Escape.

    Signals: `closed` when it went away, however.
    """

    closed = Signal()

    def __init__(self, parent: QWidget, *, width: int, at_top: bool = False) -> None:
        super().__init__(parent)
        self._width = width
        self._window = parent
        self._before: QWidget | None = None
        self.body: QVBoxLayout = column(gap=14, margin=22)
        self.card: QFrame = frame("overlay-card", self.body)
        self.card.setParent(self)
        self._at_top = at_top
        parent.installEventFilter(self)
        self.card.installEventFilter(self)
        self.hide()

    def open(self, focus: QWidget) -> None:
        """Show the card and give `focus` the keyboard."""
        self._before = QApplication.focusWidget()
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self._place()
        focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_overlay(self) -> None:
        """Go away and return the keyboard to where it was."""
        if not self.isVisible():
            return
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()

    def _place(self) -> None:
        width = min(self._width, self.width() - 2 * MARGIN)
        layout = self.body
        layout.activate()
        wanted = (
            layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
        )
        height = min(max(wanted, layout.minimumSize().height()), self.height() - 2 * MARGIN)
        top = 64 if self._at_top else (self.height() - height) // 2
        self.card.setGeometry((self.width() - width) // 2, max(MARGIN, top), width, height)
        # Now, not with the next event: the card would show its old arrangement for a moment.
        layout.setGeometry(self.card.contentsRect())

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Keep Tab inside the card."""
        stops = [
            widget
            for widget in self.card.findChildren(QWidget)
            if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        if not stops:
            return True
        current = QApplication.focusWidget()
        place = stops.index(current) if current in stops else -1
        following = stops[(place + (1 if forward else -1)) % len(stops)]
        following.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes; other keys stay inside."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_overlay()
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the parent, and the content when it changes."""
        if watched is self.card and event.type() is QEvent.Type.LayoutRequest and self.isVisible():
            self._place()
        elif event.type() is QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
            self._place()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Dim what lies below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(6, 9, 13, 165))
        painter.end()
