"""The table of live output: fixed sizes, text only, copied through the model."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from controllers.log_model import LINE_ROLE, LogModel, as_text
from views.theme.fonts import mono_font
from views.theme.theme import Theme
from views.widgets.clipboard import copy

Index = QModelIndex | QPersistentModelIndex
_ROW = 19


class LogDelegate(QStyledItemDelegate):
    """Paints a cell: commands stand out, time and source step back."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._font = mono_font()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Text only, no style drawing: this runs for every visible cell of every new batch."""
        tokens = self._theme.tokens
        line = index.data(LINE_ROLE)
        command = line is not None and line.source == "$"
        if option.state & option.state.State_Selected:
            painter.fillRect(option.rect, QColor(tokens.tint("accent")))
        painter.setFont(self._font)
        colour = tokens.faint if index.column() == 0 else tokens.muted
        painter.setPen(QColor(tokens.text if command and index.column() else colour))
        painter.drawText(
            option.rect.adjusted(4, 0, -4, 0),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            str(index.data() or ""),
        )


class LogTable(QTableView):
    """The table. Ctrl+C copies the selected lines with their full text; Ctrl+A selects nothing slow."""

    def __init__(self, theme: Theme, model: LogModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = model
        self.setProperty("kind", "log")
        self.setAccessibleName("Live output")
        self.setModel(model)
        self.setItemDelegate(LogDelegate(theme, self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self._fix_headers()
        theme.changed.connect(self.viewport().update)

    def _fix_headers(self) -> None:
        """Fixed sizes: measuring contents costs a callback for every row."""
        self.horizontalHeader().hide()
        vertical = self.verticalHeader()
        vertical.hide()
        vertical.setMinimumSectionSize(_ROW)
        vertical.setDefaultSectionSize(_ROW)
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setColumnWidth(0, 74)
        self.setColumnWidth(1, 168)
        self.horizontalHeader().setStretchLastSection(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the selection; select-all copies through the model instead of asking every cell."""
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
            copy("\n".join(as_text(self._log.line(place)) for place in rows))
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            copy(self._log.text())
        else:
            super().keyPressEvent(event)
