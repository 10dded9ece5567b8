"""The list model behind every list of states: steps, criteria, findings, runs, backups."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from controllers.marks import Mark

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `Row` itself, for the delegate."""

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Row:
    """One line: a mark, a title, a second line and something at the right edge."""

    key: str
    mark: Mark
    title: str
    subtitle: str = ""
    trailing: str = ""
    number: int | None = None
    """Drawn in the circle of a step that waits or runs."""

    @property
    def spoken(self) -> str:
        """The line as a screen reader says it; the state's word is always in it."""
        head = f"Step {self.number}, {self.title}" if self.number is not None else self.title
        return ", ".join(part for part in (head, self.mark.word, self.subtitle, self.trailing) if part)


class RowsModel(QAbstractListModel):
    """Rows identified by key. Replacing them keeps selection as long as the keys stay."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def replace(self, rows: Sequence[Row]) -> None:
        """Show `rows`; with the same keys in the same order only what changed is redrawn."""
        new = tuple(rows)
        if [row.key for row in new] != [row.key for row in self._rows]:
            self.beginResetModel()
            self._rows = new
            self.endResetModel()
            return
        changed = [place for place, row in enumerate(new) if row != self._rows[place]]
        self._rows = new
        for place in changed:
            self.dataChanged.emit(self.index(place), self.index(place))

    def place_of(self, key: str) -> int:
        """Row number of `key`, -1 when it is not shown."""
        return next((place for place, row in enumerate(self._rows) if row.key == key), -1)

    def rowCount(self, parent: Index | None = None) -> int:
        """Number of rows; a list has no children."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Title, spoken text, tooltip, or the row itself."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.title
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return row.spoken
            case _:
                return row if role == ROW_ROLE else None
