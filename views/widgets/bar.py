"""A thin determinate progress bar."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from views.theme.theme import Theme

_HEIGHT = 5


class Bar(QWidget):
    """Shows a share of 1 in a tone's colour."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._share, self._tone = 0.0, "accent"
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_share(self, share: float, tone: str = "accent") -> None:
        """Fill `share` (0 to 1) of the bar."""
        if (share, tone) != (self._share, self._tone):
            self._share, self._tone = share, tone
            self.setAccessibleDescription(f"{share:.0%}")
            self.update()

    def sizeHint(self) -> QSize:
        """As wide as it may be, and thin."""
        return QSize(120, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw track and fill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._draw(painter, 1.0, self._theme.tokens.raised)
        if self._share > 0:
            self._draw(painter, self._share, self._theme.tokens.colour(self._tone))
        painter.end()

    def _draw(self, painter: QPainter, share: float, colour: str) -> None:
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(QRectF(0, 0, self.width() * share, _HEIGHT), 2.5, 2.5)
