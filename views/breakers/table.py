"""The table of providers: sorted and filtered here, copied as TSV, JSON or curl."""

import json

from PySide6.QtCore import QModelIndex, QPoint, QSortFilterProxyModel, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QMenu, QTableView, QWidget

from controllers.breakers import BreakersController
from controllers.breakers_rows import Column, ProviderRow
from controllers.breakers_table import FILTER_ROLE, ROW_ROLE, SORT_ROLE, BreakerTable, Index, as_tsv
from views.breakers.delegate import BreakerDelegate
from views.theme.theme import Theme
from views.widgets.clipboard import copy
from views.widgets.row_table import set_up_rows

ROW_HEIGHT, LOW_ROW_HEIGHT = 36, 31
HEADER_HEIGHT = 32
_WIDTHS = {
    Column.PROVIDER: 130,
    Column.RATES: 144,
    Column.FAILING: 74,
    Column.CALLS: 84,
    Column.P95: 74,
    Column.BUDGET: 140,
    Column.GATE: 188,
    Column.CACHE: 92,
}
_NARROW_WIDTHS = {
    Column.PROVIDER: 120,
    Column.RATES: 70,
    Column.FAILING: 64,
    Column.CALLS: 76,
    Column.P95: 66,
    Column.BUDGET: 122,
    Column.GATE: 170,
    Column.CACHE: 92,
}
_NARROW = 1060
"""Below this width the cache hits are left to the details."""


class ProviderTable(QTableView):
    """Signals: `chosen` with a provider's name; `filtered` after the filter has changed what is shown."""

    chosen = Signal(str)
    filtered = Signal()

    def __init__(self, theme: Theme, controller: BreakersController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._table: BreakerTable = controller.table
        self._narrow: bool | None = None
        self.shown = QSortFilterProxyModel(self)
        self.shown.setSourceModel(self._table)
        self.shown.setSortRole(SORT_ROLE)
        self.shown.setFilterRole(FILTER_ROLE)
        self.shown.setFilterKeyColumn(0)
        self.shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self.shown)
        self._delegate = BreakerDelegate(theme, self._row_of, self)
        self.setItemDelegate(self._delegate)
        set_up_rows(self, "Providers", "providers", ROW_HEIGHT)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._fix_headers()
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.customContextMenuRequested.connect(self._on_menu)
        theme.changed.connect(self.viewport().update)

    def _fix_headers(self) -> None:
        header = self.horizontalHeader()
        header.setFixedHeight(HEADER_HEIGHT)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(Column.STATE, QHeaderView.ResizeMode.Stretch)
        # No arrow before somebody has sorted: the gateway's own order is the first one.
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        self._size_columns(_WIDTHS)

    def _size_columns(self, widths: dict[Column, int]) -> None:
        for column, width in widths.items():
            self.setColumnWidth(column, width)

    def fitting_height(self, most: int) -> int:
        """High enough for all providers, with lower rows where `most` needs them, but never above `most`."""
        number = self._table.rowCount()
        low = HEADER_HEIGHT + ROW_HEIGHT * number + 2 > most
        height = LOW_ROW_HEIGHT if low else ROW_HEIGHT
        # Qt lays everything out anew when it is told the same height again.
        if height != self.verticalHeader().defaultSectionSize():
            self.verticalHeader().setDefaultSectionSize(height)
        return min(HEADER_HEIGHT + height * number + 2, most)

    def set_filter(self, text: str) -> None:
        """Show the providers whose name or state contains `text`."""
        self.shown.setFilterFixedString(text.strip())
        self.show_selection(self._controller.selection)
        self.filtered.emit()

    def show_selection(self, name: str) -> None:
        """Select the row of a provider, where it is shown."""
        place = self._table.place_of(name)
        index = self.shown.mapFromSource(self._table.index(place, 0)) if place >= 0 else QModelIndex()
        if index.isValid() and index.row() != self.currentIndex().row():
            self.setCurrentIndex(index)

    def current_row(self) -> ProviderRow | None:
        """The line in focus."""
        row = self.currentIndex().data(ROW_ROLE)
        return row if isinstance(row, ProviderRow) else None

    def shown_rows(self) -> list[ProviderRow]:
        """All lines as they are sorted and filtered."""
        return [self.shown.index(place, 0).data(ROW_ROLE) for place in range(self.shown.rowCount())]

    def _row_of(self, index: Index) -> ProviderRow:
        return self._table.rows()[self.shown.mapToSource(index).row()]

    def as_json(self, name: str) -> str:
        """A provider as the gateway tells it."""
        status = self._controller.status(name)
        return json.dumps(status.model_dump(mode="json") if status is not None else None, indent=2)

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, ProviderRow):
            self.chosen.emit(row.name)

    @Slot(QPoint)
    def _on_menu(self, place: QPoint) -> None:
        if self.indexAt(place).isValid():
            self.menu().popup(self.viewport().mapToGlobal(place))

    def menu(self) -> QMenu:
        """What can be copied of the line in focus."""
        menu = QMenu(self)
        menu.addAction("Copy", QKeySequence(QKeySequence.StandardKey.Copy), self._copy_row)
        menu.addAction("Copy table", self._copy_all)
        menu.addAction("Copy as JSON", self._copy_json)
        menu.addAction("Copy as curl", self._copy_curl)
        return menu

    @Slot()
    def _copy_row(self) -> None:
        row = self.current_row()
        if row is not None:
            copy(as_tsv([row]))

    @Slot()
    def _copy_all(self) -> None:
        copy(as_tsv(self.shown_rows()))

    @Slot()
    def _copy_json(self) -> None:
        row = self.current_row()
        if row is not None:
            copy(self.as_json(row.name))

    @Slot()
    def _copy_curl(self) -> None:
        copy(self._controller.curl_of_providers())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the line in focus, Ctrl+A all of them."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy_row()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self._copy_all()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrower columns where there is less room."""
        narrow = event.size().width() < _NARROW
        if narrow != self._narrow:
            self._narrow = narrow
            self._size_columns(_NARROW_WIDTHS if narrow else _WIDTHS)
            self.setColumnHidden(Column.CACHE, narrow)
            self._table.set_narrow(narrow=narrow)
            self._delegate.set_narrow(narrow=narrow)
        super().resizeEvent(event)
