"""The fields at the left: how much of each is filled, and which ones the draft changes."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from backend.contracts.errors import OperatorError
from controllers.rows import ROW_ROLE, Row, RowsModel
from views.theme.fonts import mono_font, ui_font
from views.theme.icons import draw_icon
from views.theme.theme import Theme
from views.widgets.base import label, row
from views.widgets.card import Card

Index = QModelIndex | QPersistentModelIndex
_ROW = 29
_SIGN = 9


class FieldDelegate(QStyledItemDelegate):
    """Name, share that is filled, and a dot for what the draft changes."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mono, self._small = mono_font(12), ui_font(12)

    def set_narrow(self, *, narrow: bool) -> None:
        """Smaller names where there is little room."""
        self._mono = mono_font(11 if narrow else 12)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Rows are equally high."""
        return QSize(120, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, name, share, dot."""
        shown = index.data(ROW_ROLE)
        if not isinstance(shown, Row):
            return
        tokens = self._theme.tokens
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        area = QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected:
            focused = option.widget is not None and option.widget.hasFocus()
            painter.setPen(QPen(QColor(tokens.accent), 1) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.tint("accent")))
            painter.drawRoundedRect(area, 6, 6)
        if shown.mark.word:
            sign = QRectF(area.right() - 6 - _SIGN, area.center().y() - _SIGN / 2, _SIGN, _SIGN)
            draw_icon(painter, shown.mark.shape.value, tokens.colour(shown.mark.tone), sign)
        self._paint_texts(painter, shown, area.adjusted(8, 0, -22, 0), strong=selected)
        painter.restore()

    def _paint_texts(self, painter: QPainter, shown: Row, area: QRectF, *, strong: bool) -> None:
        tokens = self._theme.tokens
        painter.setFont(self._small)
        painter.setPen(QColor(tokens.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | middle, shown.trailing)
        taken = QFontMetricsF(self._small).horizontalAdvance(shown.trailing) + 8
        painter.setFont(self._mono)
        painter.setPen(QColor(tokens.text if strong or shown.mark.word else tokens.muted))
        fitting = area.adjusted(0, 0, -taken, 0)
        text = QFontMetricsF(self._mono).elidedText(shown.title, Qt.TextElideMode.ElideRight, fitting.width())
        painter.drawText(fitting, Qt.AlignmentFlag.AlignLeft | middle, text)


class FieldList(Card):
    """Signals: `chosen` with a field's name."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, fields: RowsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._fields = fields
        self.shown = QSortFilterProxyModel(self)
        self.shown.setSourceModel(fields)
        self.shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter = QLineEdit()
        self.list = QListView()
        self.none_found = label("No field matches.", "muted")
        self.missing = label("", "faint", wrap=True, tone="warn")
        self._field = ""
        self._delegate = FieldDelegate(theme, self.list)
        self._arrange()
        self.filter.textChanged.connect(self._on_filter)
        self.filter.returnPressed.connect(self._on_return)
        self.list.clicked.connect(self._choose)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        fields.modelReset.connect(self._restore)
        theme.changed.connect(self.list.viewport().update)

    def _arrange(self) -> None:
        self.filter.setPlaceholderText("Filter…  Ctrl+F")
        self.filter.setAccessibleName("Filter fields by name")
        self.filter.setClearButtonEnabled(True)
        self.list.setModel(self.shown)
        self.list.setItemDelegate(self._delegate)
        self.list.setAccessibleName("Fields")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.outer.setContentsMargins(8, 12, 8, 8)
        head = row(label("Field", "caption"), None, label("filled", "caption"), margin=(9, 0, 22, 0))
        self.body.setSpacing(6)
        self.body.addLayout(head)
        self.body.addWidget(self.filter)
        self.body.addWidget(self.none_found)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self.missing)
        self.none_found.hide()
        self.missing.hide()

    def set_narrow(self, *, narrow: bool) -> None:
        """Smaller names where there is little room."""
        self._delegate.set_narrow(narrow=narrow)

    def show_selection(self, field: str) -> None:
        """Select a field, where it is shown."""
        self._field = field
        place = self._fields.place_of(field)
        index = self.shown.mapFromSource(self._fields.index(place)) if place >= 0 else QModelIndex()
        if index.isValid() and index.row() != self.list.currentIndex().row():
            self.list.setCurrentIndex(index)

    def show_missing(self, errors: Sequence[OperatorError]) -> None:
        """Say why coverage or capabilities are not known."""
        self.missing.setText("\n".join(f"Not known: {error.message}" for error in errors))
        self.missing.setVisible(bool(errors))

    @Slot()
    def _restore(self) -> None:
        self.show_selection(self._field)

    @Slot(str)
    def _on_filter(self, text: str) -> None:
        self.shown.setFilterFixedString(text.strip())
        self.none_found.setVisible(not self.shown.rowCount())
        self.show_selection(self._field)

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        # While the filter hides the selected field the view makes another one current; nobody has chosen it.
        if self.list.hasFocus():
            self._choose(index)

    @Slot()
    def _on_return(self) -> None:
        """Go to the first field that was found."""
        first = self.shown.index(0, 0)
        if first.isValid():
            self.list.setCurrentIndex(first)
            self._choose(first)
            self.list.setFocus()

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        shown = index.data(ROW_ROLE)
        if isinstance(shown, Row) and shown.key != self._field:
            self._field = shown.key
            self.chosen.emit(shown.key)
