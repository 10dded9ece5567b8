"""Database rows of one layer as a table."""

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex


class LayerModel(QAbstractTableModel):
    """One column for each column of the database, in its order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: list[str] = []
        self._cells: list[list[str]] = []

    def show_rows(self, rows: Sequence[dict[str, Any]]) -> None:
        """Show `rows`; texts are made once, here, and not for every repaint."""
        self.beginResetModel()
        self._columns = list(dict.fromkeys(name for row in rows for name in row))
        self._cells = [[as_text(row.get(name)) for name in self._columns] for row in rows]
        self.endResetModel()

    def as_tsv(self) -> str:
        """All rows with a header, for the clipboard."""
        lines = [self._columns, *self._cells]
        return "\n".join("\t".join(cell.replace("\t", " ") for cell in line) for line in lines)

    def rowCount(self, parent: Index | None = None) -> int:
        """Rows of the layer."""
        return 0 if parent is not None and parent.isValid() else len(self._cells)

    def columnCount(self, parent: Index | None = None) -> int:
        """Columns of the layer."""
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The cell's text; the tooltip has all of it."""
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        return self._cells[index.row()][index.column()]

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Names of the columns."""
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return self._columns[section] if section < len(self._columns) else None


def as_text(value: Any) -> str:
    """A database value as a cell shows it."""
    if value is None:
        return "NULL"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
