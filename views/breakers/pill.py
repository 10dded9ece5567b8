"""A state as a pill: shape, word and colour. One drawing for the table's cells and for the details."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from controllers.marks import Mark
from views.theme.fonts import ui_font
from views.theme.icons import draw_icon
from views.theme.theme import Theme
from views.theme.tokens import Tokens

_HEIGHT, _PAD, _SIGN, _GAP = 20, 9, 9, 5
_FONT = ui_font(12, weight=ui_font().Weight.DemiBold)


def pill_width(mark: Mark) -> float:
    """How wide the pill of a state is."""
    return 2 * _PAD + _SIGN + _GAP + QFontMetricsF(_FONT).horizontalAdvance(mark.word.capitalize())


def draw_pill(painter: QPainter, tokens: Tokens, mark: Mark, left: float, middle: float) -> float:
    """Draw a pill from `left`, centred on the height `middle`; the width it took."""
    area = QRectF(left, middle - _HEIGHT / 2, pill_width(mark), _HEIGHT)
    colour = tokens.colour(mark.tone)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.tint(mark.tone)))
    painter.drawRoundedRect(area, _HEIGHT / 2, _HEIGHT / 2)
    draw_icon(painter, mark.shape.value, colour, QRectF(left + _PAD, middle - _SIGN / 2, _SIGN, _SIGN))
    painter.setFont(_FONT)
    painter.setPen(QColor(colour))
    text = area.adjusted(_PAD + _SIGN + _GAP, 0, 0, 0)
    painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, mark.word.capitalize())
    return area.width()


class StatePill(QWidget):
    """The pill as a widget."""

    def __init__(self, theme: Theme, mark: Mark, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._mark = theme, mark
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(mark.word)
        theme.changed.connect(self.update)

    def show_mark(self, mark: Mark) -> None:
        """Show another state."""
        if mark != self._mark:
            self._mark = mark
            self.setAccessibleName(mark.word)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """As wide as shape and word."""
        return QSize(round(pill_width(self._mark)) + 1, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_pill(painter, self._theme.tokens, self._mark, 0, self.height() / 2)
        painter.end()
