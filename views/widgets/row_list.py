"""A list of states: one view and one delegate for steps, criteria, findings, runs and backups."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from controllers.rows import ROW_ROLE, Row, RowsModel
from views.theme.fonts import ui_font
from views.theme.icons import draw_icon
from views.theme.theme import Theme

Index = QModelIndex | QPersistentModelIndex
_PAD = 9
_STEP_CIRCLE = 22
_ICON = 14


class RowDelegate(QStyledItemDelegate):
    """Paints a `Row`. As a stepper it draws circles with numbers, otherwise plain icons and hairlines."""

    def __init__(self, theme: Theme, *, stepper: bool, two_lines: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._stepper = stepper
        self._two_lines = two_lines
        self._title_font = ui_font(13)
        self._strong_font = ui_font(13, weight=ui_font().Weight.Medium)
        self._small_font = ui_font(12)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Rows are equally high, so the view need not measure each."""
        return QSize(160, 49 if self._two_lines else 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, mark, title, second line, right edge."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect)
        self._paint_ground(painter, option, area, index)
        left = self._paint_mark(painter, row, area)
        self._paint_texts(painter, row, area.adjusted(left, 0, -_PAD, 0))
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, area: QRectF, index: Index
    ) -> None:
        tokens = self._theme.tokens
        inner = area.adjusted(0.5, 1.5, -0.5, -1.5)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            self._rounded(painter, inner, tokens.tint("accent"), None)
        elif state & QStyle.StateFlag.State_MouseOver and option.widget.property("picks"):
            self._rounded(painter, inner, tokens.raised, None)
        if state & QStyle.StateFlag.State_HasFocus and option.widget.hasFocus():
            self._rounded(painter, inner, None, tokens.accent)
        if not self._stepper and index.row() + 1 < index.model().rowCount():
            painter.setPen(QColor(tokens.border))
            painter.drawLine(area.bottomLeft(), area.bottomRight())

    @staticmethod
    def _rounded(painter: QPainter, area: QRectF, fill: str | None, outline: str | None) -> None:
        painter.setPen(QPen(QColor(outline), 1) if outline else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 7, 7)

    def _paint_mark(self, painter: QPainter, row: Row, area: QRectF) -> float:
        """Draw the mark; the width it took."""
        colour = self._theme.tokens.colour(row.mark.tone)
        if not self._stepper:
            top = area.top() + (11 if self._two_lines else (area.height() - _ICON) / 2)
            draw_icon(painter, row.mark.shape.value, colour, QRectF(area.left() + 2, top, _ICON, _ICON))
            return _ICON + 12.0
        circle = QRectF(area.left() + _PAD, area.top() + 8, _STEP_CIRCLE, _STEP_CIRCLE)
        self._paint_circle(painter, row, circle, colour)
        return _PAD + _STEP_CIRCLE + 10.0

    def _paint_circle(self, painter: QPainter, row: Row, circle: QRectF, colour: str) -> None:
        tokens = self._theme.tokens
        waiting = row.mark.tone == "faint"
        pen = QPen(QColor(tokens.border_strong if waiting else colour), 1.4)
        if row.mark.tone == "accent":
            pen.setDashPattern([2.2, 1.6])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush if waiting else QColor(tokens.tint(row.mark.tone)))
        painter.drawEllipse(circle)
        if row.number is None:
            draw_icon(painter, row.mark.shape.value, colour, circle.adjusted(5, 5, -5, -5))
            return
        painter.setFont(self._small_font)
        painter.setPen(QColor(tokens.muted if waiting else colour))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(row.number))

    def _paint_texts(self, painter: QPainter, row: Row, area: QRectF) -> None:
        tokens = self._theme.tokens
        top = QRectF(area.left(), area.top() + 7, area.width(), 18) if self._two_lines else area
        taken = self._paint_trailing(painter, row, top)
        working = row.mark.tone not in ("faint", "muted")
        title_font = self._strong_font if working and self._two_lines else self._title_font
        self._line(painter, top.adjusted(0, 0, -taken, 0), row.title, title_font, tokens.text)
        if self._two_lines:
            below = QRectF(area.left(), area.top() + 24, area.width(), 17)
            # Colour repeats what the word already says; it never says it alone.
            colour = tokens.bad if row.mark.tone == "bad" else tokens.muted
            self._line(painter, below, row.subtitle, self._small_font, colour)

    def _paint_trailing(self, painter: QPainter, row: Row, area: QRectF) -> float:
        if not row.trailing:
            return 0.0
        metrics = QFontMetrics(self._small_font)
        width = min(metrics.horizontalAdvance(row.trailing) + 2, area.width() * 0.6)
        place = QRectF(area.right() - width, area.top(), width, area.height())
        token = row.mark.tone if row.mark.tone in ("bad", "warn") else "muted"
        colour = self._theme.tokens.colour(token)
        self._line(painter, place, row.trailing, self._small_font, colour, right=True)
        return width + 12

    @staticmethod
    def _line(
        painter: QPainter, area: QRectF, text: str, font: QFont, colour: str, *, right: bool = False
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, shown)


class RowList(QListView):
    """Shows a RowsModel. With `picks` a row can be chosen; otherwise the rows are only read."""

    def __init__(
        self,
        theme: Theme,
        model: RowsModel,
        name: str,
        *,
        stepper: bool = False,
        two_lines: bool = True,
        picks: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setProperty("picks", picks)
        self.setModel(model)
        self._rows = model
        self.setItemDelegate(RowDelegate(theme, stepper=stepper, two_lines=two_lines, parent=self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(picks)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.SingleSelection if picks else mode.NoSelection)
        theme.changed.connect(self.viewport().update)

    def fit(self, most: int = 12) -> None:
        """Be as high as the rows, up to `most` of them."""
        height = self.itemDelegate().sizeHint(QStyleOptionViewItem(), QModelIndex()).height()
        self.setFixedHeight(height * max(1, min(most, self._rows.rowCount())) + 2)

    def choose(self, key: str) -> None:
        """Make the row called `key` current without moving the focus."""
        place = self._rows.place_of(key)
        if place >= 0 and self.currentIndex().row() != place:
            self.setCurrentIndex(self._rows.index(place))

    def chosen(self) -> str:
        """Key of the current row; empty when there is none."""
        row = self.currentIndex().data(ROW_ROLE)
        return row.key if isinstance(row, Row) else ""
