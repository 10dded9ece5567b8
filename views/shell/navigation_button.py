"""An entry of the navigation, with a count of what needs somebody on its screen."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolButton, QWidget

from views.theme.fonts import ui_font
from views.theme.theme import Theme

_HEIGHT = 18.0
_SMALL = 14.0
_GROUND = 0.2


class NavigationButton(QToolButton):
    """Draws the badge at its right edge, or at the icon's corner where there is only the icon."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._name = theme, text
        self.badge, self._tone = "", "warn"
        self.setText(f"  {text}")
        self.setAccessibleName(text)

    def show_badge(self, text: str, tone: str, words: str) -> None:
        """Show `text` in `tone`, nothing when it is empty; `words` are what a screen reader adds."""
        self.badge, self._tone = text, tone
        self.setAccessibleName(f"{self._name}, {words}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button, then the badge over it."""
        super().paintEvent(event)
        if not self.badge:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(ui_font(11, weight=ui_font().Weight.DemiBold))
        area = self._badge_area(QFontMetricsF(painter.font()).horizontalAdvance(self.badge))
        painter.setPen(Qt.PenStyle.NoPen)
        ground = QColor(self._theme.tokens.colour(self._tone))
        ground.setAlphaF(_GROUND)
        painter.setBrush(ground)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.setPen(QColor(self._theme.tokens.colour(self._tone)))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.badge)
        painter.end()

    def _badge_area(self, text_width: float) -> QRectF:
        if self.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly:
            width = max(_SMALL, text_width + 6)
            return QRectF(self.width() - width - 1, 1, width, _SMALL)
        width = max(_HEIGHT, text_width + 12)
        return QRectF(self.width() - width - 9, (self.height() - _HEIGHT) / 2, width, _HEIGHT)
