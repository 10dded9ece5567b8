"""How a group is drawn: its mark, its cause, how many, and how it went in the last hour."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from controllers.dead_letters_rows import CauseRow
from controllers.rows import ROW_ROLE, Row
from views.theme.fonts import ui_font
from views.theme.icons import draw_icon
from views.theme.theme import Theme

Index = QModelIndex | QPersistentModelIndex
_HEIGHT, _ICON, _PAD, _GAP = 54, 12, 9, 10
_SPARK_WIDTH, _SPARK_HEIGHT = 47, 15
_BAR = 4.0
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class CauseDelegate(QStyledItemDelegate):
    """Draws a `Row`; a CauseRow with its trend. Only the mark has the colour of the state."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = ui_font(13, weight=QFont.Weight.Medium)
        self._number = ui_font(13, weight=QFont.Weight.DemiBold)
        self._small = ui_font(12)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """All equally high."""
        return QSize(160, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, mark, first line with the number, second line with the trend."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect)
        self._ground(painter, option, area)
        inner = area.adjusted(_PAD, 0, -_PAD, 0)
        sign = QRectF(inner.left(), area.top() + 12, _ICON, _ICON)
        draw_icon(painter, row.mark.shape.value, self._theme.tokens.colour(row.mark.tone), sign)
        self._lines(painter, row, inner.adjusted(_ICON + _GAP, 0, 0, 0))
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, area: QRectF) -> None:
        tokens, inner, state = self._theme.tokens, area.adjusted(0.5, 1.5, -0.5, -1.5), option.state
        chosen = state & QStyle.StateFlag.State_Selected
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(tokens.tint("accent") if chosen else tokens.raised))
            painter.drawRoundedRect(inner, 7, 7)
        if state & QStyle.StateFlag.State_HasFocus and option.widget.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(inner, 7, 7)

    def _lines(self, painter: QPainter, row: Row, area: QRectF) -> None:
        tokens = self._theme.tokens
        top, below = (QRectF(area.left(), area.top() + at, area.width(), 18) for at in (9, 27))
        taken = self._text(painter, row.trailing, top, self._number, tokens.text, right=True)
        self._text(painter, row.title, top.adjusted(0, 0, -taken, 0), self._title, tokens.text)
        if isinstance(row, CauseRow) and any(row.trend):
            self._spark(painter, row.trend, QRectF(below.right() - _SPARK_WIDTH, below.top() + 2, 0, 0))
            below.adjust(0, 0, -_SPARK_WIDTH - _GAP, 0)
        self._text(painter, row.subtitle, below, self._small, tokens.muted)

    def _spark(self, painter: QPainter, trend: tuple[int, ...], at: QRectF) -> None:
        """One bar for each slice; a quiet one is a dot on the ground line."""
        tokens, most = self._theme.tokens, max(trend)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, number in enumerate(trend):
            height = max(2.0, _SPARK_HEIGHT * number / most) if number else 1.0
            painter.setBrush(QColor(tokens.bad if number else tokens.border_strong))
            painter.drawRect(QRectF(at.left() + place * _BAR, at.top() + _SPARK_HEIGHT - height, 3.0, height))

    @staticmethod
    def _text(
        painter: QPainter, text: str, area: QRectF, font: QFont, colour: str, *, right: bool = False
    ) -> float:
        """Draw one line; the width it took with a gap."""
        painter.setFont(font)
        painter.setPen(QColor(colour))
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, _RIGHT if right else _LEFT, shown)
        return metrics.horizontalAdvance(shown) + _GAP if shown else 0.0
