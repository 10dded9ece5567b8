"""The list of values that would be other ones: two lines a row, drawn only where they are seen."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from controllers.waterfall_differences import (
    CELL_ROLE,
    DifferenceCell,
    DifferenceColumn,
    DifferencesModel,
    explanation,
)
from views.theme.fonts import ui_font
from views.theme.theme import Theme
from views.widgets.clipboard import copy
from views.widgets.row_table import set_up_rows

Index = QModelIndex | QPersistentModelIndex
_ROW = 42
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class DifferenceDelegate(QStyledItemDelegate):
    """A value, and below it where it comes from."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._plain, self._small = ui_font(13), ui_font(11)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, hairline, two lines."""
        cell = index.data(CELL_ROLE)
        if not isinstance(cell, DifferenceCell):
            return
        tokens, area = self._theme.tokens, QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(tokens.tint("accent")))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(tokens.border))
        first = QRectF(area.left() + 6, area.top() + 4, area.width() - 10, 18)
        old = index.column() == DifferenceColumn.BEFORE
        colour = tokens.faint if cell.missing else tokens.muted if old else tokens.text
        self._line(painter, cell.text, first, self._plain, colour)
        self._line(painter, cell.below, first.translated(0, 17), self._small, tokens.faint)

    @staticmethod
    def _line(painter: QPainter, text: str, area: QRectF, font: QFont, colour: str) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, _LEFT, shown)


class DifferenceTable(QTableView):
    """Ctrl+C copies the row in focus with both candidates explained, Ctrl+A all of them as a table."""

    def __init__(self, theme: Theme, differences: DifferencesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._differences = differences
        self.setModel(differences)
        self.setItemDelegate(DifferenceDelegate(theme, self))
        set_up_rows(self, "Values that would differ", "differences", _ROW)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(_LEFT)
        header.setFixedHeight(26)
        theme.changed.connect(self._redraw)

    def explained(self) -> str:
        """Both candidates of the row in focus, in sentences; empty when there is none."""
        found = self._differences.difference(self.currentIndex().row())
        return explanation(found) if found is not None else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copying; Qt's own select-all would ask the model for every cell."""
        if event.matches(QKeySequence.StandardKey.Copy):
            copy(self.explained())
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            copy(self._differences.as_tsv())
        else:
            super().keyPressEvent(event)

    @Slot()
    def _redraw(self) -> None:
        self.viewport().update()
