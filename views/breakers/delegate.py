"""Draws the cells of the table of providers."""

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from controllers.breakers_rows import NONE, Column, ProviderRow, Spark
from controllers.breakers_table import is_number
from views.breakers.pill import draw_pill
from views.theme.fonts import ui_font
from views.theme.icons import draw_icon
from views.theme.theme import Theme

Index = QModelIndex | QPersistentModelIndex
PAD = 10
_SIGN = 12
_SPARK_HEIGHT = 18
_SPARK_WIDTH = 118
_FULL_SCALE = 0.25
"""A failure rate that fills the sparkline's height, unless the provider had a higher one."""

# Made once: combining flags and parsing colours takes longer than drawing with them.
_SELECTED = QStyle.StateFlag.State_Selected.value
_SMOOTH = QPainter.RenderHint.Antialiasing
_DRAWN = frozenset({Column.STATE, Column.RATES, Column.GATE})
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@lru_cache(maxsize=64)
def _ink(colour: str) -> QColor:
    return QColor(colour)


@lru_cache(maxsize=1024)
def _elided(text: str, width: int, pixels: int, weight: QFont.Weight) -> str:
    """`text` cut to `width`. Measuring is the dear part of drawing it, and the same figures come again."""
    metrics = QFontMetrics(ui_font(pixels, weight=weight))
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)


class _Script:
    """A font with what is asked of it for each text: asking Qt costs as much as drawing."""

    def __init__(self, pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> None:
        self.font = ui_font(pixels, weight=weight)
        self.pixels, self.weight = pixels, weight


class BreakerDelegate(QStyledItemDelegate):
    """No style drawing, and no question to the model through Qt, since this runs every second."""

    def __init__(self, theme: Theme, row_of: Callable[[Index], ProviderRow], parent: QWidget) -> None:
        """`row_of` gives the row that a cell of the view belongs to."""
        super().__init__(parent)
        self._theme = theme
        self._row_of = row_of
        self.set_narrow(narrow=False)

    def set_narrow(self, *, narrow: bool) -> None:
        """Smaller text where there is little room."""
        pixels = 12 if narrow else 13
        self._plain, self._strong = _Script(pixels), _Script(pixels, QFont.Weight.DemiBold)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, hairline, content."""
        row, column = self._row_of(index), index.column()
        area = QRectF(option.rect)
        self._paint_ground(painter, option, area)
        inner = area.adjusted(PAD, 0, -PAD, 0)
        if column == Column.PROVIDER:
            self._paint_text(painter, row.name, inner, self._strong, self._theme.tokens.text)
        elif column in _DRAWN:
            painter.setRenderHint(_SMOOTH)
            self._paint_drawing(painter, row, inner, column)
            painter.setRenderHint(_SMOOTH, False)
        else:
            self._paint_figure(painter, row.cells[column], inner, column)

    def _paint_drawing(self, painter: QPainter, row: ProviderRow, area: QRectF, column: int) -> None:
        match column:
            case Column.STATE:
                self._paint_state(painter, row, area)
            case Column.RATES:
                self._paint_spark(painter, row, area)
            case Column.GATE:
                self._paint_gate(painter, row, area)

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, area: QRectF) -> None:
        tokens = self._theme.tokens
        if option.state.value & _SELECTED:
            painter.fillRect(area, _ink(tokens.tint("accent")))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), _ink(tokens.border))

    def _paint_state(self, painter: QPainter, row: ProviderRow, area: QRectF) -> None:
        tokens = self._theme.tokens
        taken = draw_pill(painter, tokens, row.mark, area.left(), area.center().y())
        self._paint_text(painter, row.note, area.adjusted(taken + 7, 0, 0, 0), self._plain, tokens.muted)

    def _paint_gate(self, painter: QPainter, row: ProviderRow, area: QRectF) -> None:
        tokens = self._theme.tokens
        if row.gate is None:
            self._paint_text(painter, NONE, area, self._plain, tokens.faint)
            return
        colour = tokens.colour(row.gate.tone)
        sign = QRectF(area.left(), area.center().y() - _SIGN / 2, _SIGN, _SIGN)
        draw_icon(painter, row.gate.shape.value, colour, sign)
        text = area.adjusted(_SIGN + 6, 0, 0, 0)
        self._paint_text(painter, row.cells[Column.GATE], text, self._plain, colour)

    def _paint_figure(self, painter: QPainter, text: str, area: QRectF, column: int) -> None:
        tokens = self._theme.tokens
        colour = tokens.faint if text == NONE else tokens.text
        self._paint_text(painter, text, area, self._plain, colour, right=is_number(column))

    def _paint_spark(self, painter: QPainter, row: ProviderRow, area: QRectF) -> None:
        tokens = self._theme.tokens
        if all(rate is None for rate in row.spark):
            self._paint_text(painter, NONE, area, self._plain, tokens.faint)
            return
        width = min(area.width(), _SPARK_WIDTH)
        box = QRectF(area.left(), area.center().y() - _SPARK_HEIGHT / 2, width, _SPARK_HEIGHT)
        colour = _ink(tokens.colour(row.mark.tone))
        ground = _ink(tokens.tint(row.mark.tone))
        for points in _stretches(row.spark, box):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            foot = [QPointF(points[-1].x(), box.bottom()), QPointF(points[0].x(), box.bottom())]
            painter.drawPolygon(QPolygonF([*points, *foot]))
            painter.setPen(QPen(colour, 1.2))
            painter.drawPolyline(QPolygonF(points))

    @staticmethod
    def _paint_text(
        painter: QPainter, text: str, area: QRectF, script: _Script, colour: str, *, right: bool = False
    ) -> None:
        painter.setFont(script.font)
        painter.setPen(_ink(colour))
        shown = _elided(text, int(area.width()), script.pixels, script.weight)
        painter.drawText(area, _RIGHT if right else _LEFT, shown)


def _stretches(spark: Spark, box: QRectF) -> list[list[QPointF]]:
    """The line in pieces: where no call was made there is none."""
    highest = max(_FULL_SCALE, *(rate for rate in spark if rate is not None))
    step = box.width() / max(1, len(spark) - 1)
    pieces: list[list[QPointF]] = [[]]
    for place, rate in enumerate(spark):
        if rate is None:
            pieces.append([])
            continue
        pieces[-1].append(
            QPointF(box.left() + place * step, box.bottom() - rate / highest * (box.height() - 1))
        )
    # A single slice among quiet ones still shows, as a short dash.
    return [piece if len(piece) > 1 else [*piece, piece[0] + QPointF(2, 0)] for piece in pieces if piece]
