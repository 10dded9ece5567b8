"""The rows of one layer as the database has them."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from controllers.layer_model import LayerModel
from controllers.wording import plural
from views.theme.fonts import mono_font
from views.widgets.base import button, label
from views.widgets.card import Card
from views.widgets.clipboard import copy

_ROW = 28
_WIDEST = 320


class LayerCard(Card):
    """Bronze, Silver or Gold."""

    def __init__(self, layer: str, tone: str, table: str, parent: QWidget | None = None) -> None:
        self._count = label("", "muted")
        self._copy_button = button("Copy rows", "link")
        self._copy_button.setAccessibleName(f"Copy rows of {layer}")
        super().__init__("", self._count, self._copy_button, parent=parent)
        self._layer, self._tone, self._table_name = layer, tone, table
        self.caption.setText(f"{layer} · {table}")
        self.caption.setProperty("tone", tone)
        self.model = LayerModel(self)
        self.table = QTableView()
        self._empty = label("", "muted", wrap=True)
        self._build_table(layer)
        self.body.addWidget(self._empty)
        self.body.addWidget(self.table)
        self._copy_button.clicked.connect(self._copy)
        self.show_waiting()

    def _build_table(self, layer: str) -> None:
        table = self.table
        table.setProperty("kind", "rows")
        table.setAccessibleName(f"Rows of {layer}")
        table.setFont(mono_font())
        table.setModel(self.model)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW)
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().setDefaultAlignment(table.horizontalHeader().defaultAlignment().AlignLeft)

    def show_waiting(self) -> None:
        """No test has been run yet."""
        self._show([], f"Rows of {self._table_name} appear here once the test has run.", "")

    def show_rows(self, rows: Sequence[dict[str, Any]]) -> None:
        """Show what was read."""
        none = f"No row of this track in {self._table_name}. The layer before it says why."
        self._show(rows, "" if rows else none, plural(len(rows), "row"))

    def _show(self, rows: Sequence[dict[str, Any]], empty: str, counted: str) -> None:
        self.model.show_rows(rows)
        self._empty.setText(empty)
        self._empty.setVisible(bool(empty))
        self._count.setText(counted)
        self.table.setVisible(bool(rows))
        self._copy_button.setVisible(bool(rows))
        # Bounded by the few rows one track has; measured once for each answer.
        self.table.resizeColumnsToContents()
        for column in range(self.model.columnCount()):
            self.table.setColumnWidth(column, min(_WIDEST, self.table.columnWidth(column) + 12))
        self.table.setFixedHeight(30 + _ROW * max(1, min(4, len(rows))) + 12)

    @Slot()
    def _copy(self) -> None:
        copy(self.model.as_tsv())
