"""Draws the rows of the list of sources."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from controllers.waterfall_rows import StepRow
from controllers.waterfall_steps import STEP_ROLE
from views.theme.fonts import mono_font, ui_font
from views.theme.icons import draw_icon
from views.theme.theme import Theme
from views.waterfall.step_layout import ROW_HEIGHT, StepLayout, step_layout

Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter
_SIGN = 10
_KNOB = 6
_KNOB_COLOUR = "#ffffff"
"""In both themes, with an outline."""


class StepDelegate(QStyledItemDelegate):
    """A card a source: handle, place, switch, name, threshold, state, wins, and buttons to move it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.height = ROW_HEIGHT
        self.lifted = ""
        """The source that is being dragged: its row is left as a shade of itself."""
        self._strong = ui_font(13, weight=QFont.Weight.DemiBold)
        self._small, self._plain, self._mono = ui_font(12), ui_font(13), mono_font(12)
        self._tiny = ui_font(11)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Rows are equally high."""
        return QSize(300, self.height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row where it is."""
        row = index.data(STEP_ROLE)
        if not isinstance(row, StepRow):
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if row.provider == self.lifted:
            painter.setOpacity(0.3)
        focused = selected and option.widget is not None and option.widget.hasFocus()
        self.draw(painter, row, QRectF(option.rect), selected=selected, focused=focused)
        painter.restore()

    def draw(self, painter: QPainter, row: StepRow, area: QRectF, *, selected: bool, focused: bool) -> None:
        """Draw a row into `area`."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        parts = step_layout(area)
        self._draw_card(painter, parts, selected=selected, focused=focused)
        self._draw_left(painter, row, parts)
        self._draw_texts(painter, row, parts)
        self._draw_slider(painter, row, parts)
        self._draw_wins(painter, row, parts)
        self._draw_buttons(painter, row, parts)

    def _draw_card(self, painter: QPainter, parts: StepLayout, *, selected: bool, focused: bool) -> None:
        tokens = self._theme.tokens
        outline = tokens.accent if focused else tokens.border_strong if selected else tokens.border
        painter.setPen(QPen(QColor(outline), 1))
        painter.setBrush(QColor(tokens.tint("accent") if selected else tokens.surface_2))
        painter.drawRoundedRect(parts.card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)

    def _draw_left(self, painter: QPainter, row: StepRow, parts: StepLayout) -> None:
        tokens = self._theme.tokens
        middle = parts.handle.center().y()
        grip = QRectF(parts.handle.left() - 2, middle - 8, 16, 16)
        draw_icon(painter, "grip-vertical", tokens.faint, grip)
        painter.setFont(self._plain)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(parts.place, _CENTRE, str(row.place))
        self._draw_switch(painter, row, parts.switch)

    def _draw_switch(self, painter: QPainter, row: StepRow, area: QRectF) -> None:
        tokens = self._theme.tokens
        on = tokens.faint if row.dead else tokens.ok
        painter.setPen(Qt.PenStyle.NoPen if row.enabled else QPen(QColor(tokens.border_strong), 1))
        painter.setBrush(QColor(on if row.enabled else tokens.raised))
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        size = area.height() - 4
        left = area.right() - size - 2 if row.enabled else area.left() + 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_KNOB_COLOUR if row.enabled else tokens.muted))
        painter.drawEllipse(QRectF(left, area.top() + 2, size, size))

    def _draw_texts(self, painter: QPainter, row: StepRow, parts: StepLayout) -> None:
        tokens = self._theme.tokens
        pale = row.dead or not row.enabled
        self._line(painter, row.provider, parts.name, self._strong, tokens.faint if pale else tokens.text)
        tone = row.mark.tone if row.mark.tone in ("warn", "bad", "info") else "muted"
        sign = QRectF(parts.state.left(), parts.state.center().y() - _SIGN / 2, _SIGN, _SIGN)
        draw_icon(painter, row.mark.shape.value, tokens.colour(row.mark.tone), sign)
        text = parts.state.adjusted(_SIGN + 6, 0, 0, 0)
        self._line(painter, row.state, text, self._small, tokens.colour(tone))

    def _draw_slider(self, painter: QPainter, row: StepRow, parts: StepLayout) -> None:
        tokens = self._theme.tokens
        pale = bool(row.dead) or not row.enabled
        knob = parts.knob_at(row.min_confidence)
        start, end = parts.knob_at(0.0), parts.knob_at(1.0)
        groove = QRectF(start.x(), start.y() - 2, end.x() - start.x(), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.border))
        painter.drawRoundedRect(groove, 2, 2)
        painter.setBrush(QColor(tokens.faint if pale else tokens.accent))
        painter.drawRoundedRect(QRectF(groove.left(), groove.top(), knob.x() - groove.left(), 4), 2, 2)
        painter.setPen(QPen(QColor(tokens.border_strong), 1))
        painter.setBrush(QColor(_KNOB_COLOUR))
        painter.drawEllipse(knob, _KNOB, _KNOB)
        number = f"≥ {row.min_confidence:.2f}"
        colour = tokens.faint if pale else tokens.text
        self._line(painter, number, parts.number, self._mono, colour, _RIGHT)

    def _draw_wins(self, painter: QPainter, row: StepRow, parts: StepLayout) -> None:
        tokens = self._theme.tokens
        middle = parts.wins.center().y()
        upper = QRectF(parts.wins.left(), middle - 19, parts.wins.width(), 18)
        lower = upper.translated(0, 20)
        colour = tokens.warn if row.advice else tokens.faint if row.dead or not row.enabled else tokens.text
        self._line(painter, row.wins, upper, self._strong, colour, _RIGHT)
        self._line(painter, "wins", lower, self._tiny, tokens.muted, _RIGHT)
        if row.advice:
            sign = QRectF(lower.left() + 4, lower.center().y() - 6, 11, 11)
            draw_icon(painter, "triangle-alert", tokens.warn, sign)

    def _draw_buttons(self, painter: QPainter, row: StepRow, parts: StepLayout) -> None:
        tokens = self._theme.tokens
        for area, name, useful in (
            (parts.up, "chevron-up", row.place > 1),
            (parts.down, "chevron-down", row.place < row.of),
        ):
            centre = area.center()
            colour = tokens.muted if useful else tokens.border
            draw_icon(painter, name, colour, QRectF(centre.x() - 7, centre.y() - 7, 14, 14))

    @staticmethod
    def _line(
        painter: QPainter,
        text: str,
        area: QRectF,
        font: QFont,
        colour: str,
        side: Qt.AlignmentFlag = _LEFT,
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, side, shown)
