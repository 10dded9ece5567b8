"""An icon that follows the theme."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from controllers.marks import Mark
from views.theme.icons import draw_icon
from views.theme.theme import Theme


class StateIcon(QWidget):
    """Draws one Lucide icon in a token's colour."""

    def __init__(
        self, theme: Theme, name: str, tone: str = "muted", size: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._name, self._tone, self._size = theme, name, tone, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.changed.connect(self.update)

    def show_mark(self, mark: Mark) -> None:
        """Show the shape of a state; its word stands in the text beside it."""
        self._name, self._tone = mark.shape.value, mark.tone
        self.setAccessibleName(mark.word)
        self.update()

    def sizeHint(self) -> QSize:
        """The icon's own size."""
        return QSize(self._size, self._size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the icon."""
        painter = QPainter(self)
        draw_icon(
            painter,
            self._name,
            self._theme.tokens.colour(self._tone),
            QRectF(0, 0, self._size, self._size),
        )
        painter.end()
