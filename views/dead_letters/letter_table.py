"""The table of letters: equally high rows, drawn from what the model holds, however many there are."""

from functools import lru_cache

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from backend.contracts.dead_letter_views import LetterRow
from controllers.dead_letters_rows import of_letter
from controllers.dead_letters_table import Column, LetterTable
from views.theme.fonts import ui_font
from views.theme.icons import draw_icon
from views.theme.theme import Theme
from views.widgets.row_table import set_up_rows

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 32
_WIDTHS = {Column.PICK: 30, Column.ARTIST: 130, Column.STATE: 108, Column.TRIES: 50, Column.FAILED: 92}
_NARROW, _NARROWEST = 520, 400
_PAD, _BOX, _SIGN = 8, 14, 12
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@lru_cache(maxsize=4096)
def _elided(text: str, width: int, weight: QFont.Weight) -> str:
    metrics = QFontMetrics(ui_font(13, weight=weight))
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)


@lru_cache(maxsize=64)
def _ink(colour: str) -> QColor:
    return QColor(colour)


class LetterDelegate(QStyledItemDelegate):
    """Draws a cell from the row that the model holds; a row that is under way is drawn as such."""

    def __init__(self, theme: Theme, table: LetterTable, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._table = theme, table
        self._plain, self._strong = ui_font(13), ui_font(13, weight=QFont.Weight.DemiBold)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, hairline, content."""
        tokens, area = self._theme.tokens, QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, _ink(tokens.tint("accent")))
        painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), 1), _ink(tokens.border))
        row, column = self._table.row_at(index.row()), Column(index.column())
        inner = area.adjusted(_PAD, 0, -_PAD, 0)
        if row is None:
            if column is Column.TRACK:
                self._text(painter, "loading…", inner, self._plain, tokens.faint)
        elif column is Column.PICK:
            self._box(painter, area, picked=self._table.is_picked(row))
        elif column is Column.STATE:
            self._state(painter, row, inner)
        else:
            self._cell(painter, row, column, inner)

    def _cell(self, painter: QPainter, row: LetterRow, column: Column, area: QRectF) -> None:
        tokens, text = self._theme.tokens, self._table.text(row, column)
        strong = column is Column.TRACK
        colour = tokens.text if column in {Column.TRACK, Column.TRIES} else tokens.muted
        right = column is Column.TRIES
        self._text(painter, text, area, self._strong if strong else self._plain, colour, right=right)

    def _state(self, painter: QPainter, row: LetterRow, area: QRectF) -> None:
        mark = of_letter(row.state, stale=row.is_stale)
        colour = self._theme.tokens.colour(mark.tone)
        sign = QRectF(area.left(), area.center().y() - _SIGN / 2, _SIGN, _SIGN)
        draw_icon(painter, mark.shape.value, colour, sign)
        # The sign has the colour. Words in it too would paint the whole column in what is no news here.
        ink = colour if row.is_stale else self._theme.tokens.muted
        self._text(painter, mark.word, area.adjusted(_SIGN + 6, 0, 0, 0), self._plain, ink)

    def _box(self, painter: QPainter, area: QRectF, *, picked: bool) -> None:
        tokens = self._theme.tokens
        box = QRectF(area.left() + _PAD, area.center().y() - _BOX / 2, _BOX, _BOX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_ink(tokens.border_strong), 1))
        painter.setBrush(_ink(tokens.accent_fill if picked else tokens.surface_2))
        painter.drawRoundedRect(box, 3.5, 3.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        if picked:
            draw_icon(painter, "check", tokens.on_accent, box.adjusted(2, 2, -2, -2))

    @staticmethod
    def _text(
        painter: QPainter, text: str, area: QRectF, font: QFont, colour: str, *, right: bool = False
    ) -> None:
        painter.setFont(font)
        painter.setPen(_ink(colour))
        shown = _elided(text, int(area.width()), font.weight())
        painter.drawText(area, _RIGHT if right else _LEFT, shown)


class LetterTableView(QTableView):
    """Signals: `chosen` with the id of the letter that became current."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, table: LetterTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self.setModel(table)
        self.setItemDelegate(LetterDelegate(theme, table, self))
        set_up_rows(self, "Dead letters", "letters", ROW_HEIGHT)
        # By pixel a bar of a million rows would need more of them than it can count.
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self._fix_headers()
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.clicked.connect(self._on_clicked)
        theme.changed.connect(self.viewport().update)

    def _fix_headers(self) -> None:
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setDefaultAlignment(_LEFT)
        for column, width in _WIDTHS.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(Column.TRACK, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space picks the letter in focus, Ctrl+A every letter of the selection."""
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self._table.toggle(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._table.pick_all(picked=not self._table.all_picked)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Without artist and state where there is no room; both stand beside the letter."""
        self.setColumnHidden(Column.ARTIST, event.size().width() < _NARROW)
        self.setColumnHidden(Column.STATE, event.size().width() < _NARROWEST)
        super().resizeEvent(event)

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        row = self._table.row_at(index.row()) if index.isValid() else None
        if row is not None:
            self.chosen.emit(row.message_id)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if index.column() == Column.PICK:
            self._table.toggle(index.row())
