"""The model behind the list of sources: it can be reordered by dragging."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QByteArray, QMimeData, QModelIndex, QObject, Qt, Signal

from controllers.rows import Index
from controllers.waterfall_rows import StepRow

STEP_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `StepRow` itself, for the delegate."""

MIME = "application/x-songnodes-waterfall-step"
_ROOT = QModelIndex()


class StepsModel(QAbstractListModel):
    """Signals: `moved` with the place a source had and the one it has now, when the view moved it."""

    moved = Signal(int, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[StepRow] = []

    def rows(self) -> tuple[StepRow, ...]:
        """What is shown."""
        return tuple(self._rows)

    def replace(self, rows: Sequence[StepRow]) -> None:
        """Show `rows`; with the same sources in the same order only what changed is redrawn."""
        if [row.provider for row in rows] != [row.provider for row in self._rows]:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        changed = [place for place, row in enumerate(rows) if row != self._rows[place]]
        self._rows = list(rows)
        for place in changed:
            self.dataChanged.emit(self.index(place), self.index(place))

    def place_of(self, provider: str) -> int:
        """Row number of a source, from 0; -1 when it is not there."""
        return next((place for place, row in enumerate(self._rows) if row.provider == provider), -1)

    def moveRows(
        self,
        source_parent: Index,
        source_row: int,
        number: int,
        destination_parent: Index,
        destination: int,
    ) -> bool:
        """Put a source before the one at `destination`, in the old numbering; a drop in the view calls it."""
        if number != 1 or source_parent.isValid() or destination_parent.isValid():
            return False
        if not 0 <= source_row < len(self._rows) or not 0 <= destination <= len(self._rows):
            return False
        if not self.beginMoveRows(_ROOT, source_row, source_row, _ROOT, destination):
            return False
        target = destination if destination < source_row else destination - 1
        self._rows.insert(target, self._rows.pop(source_row))
        self.endMoveRows()
        self.moved.emit(source_row, target)
        return True

    def move(self, place: int, target: int) -> bool:
        """Put the source at `place` at `target`, both as they are counted on the screen, from 0."""
        return self.moveRows(_ROOT, place, 1, _ROOT, target if target < place else target + 1)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of sources; a list has no children."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, spoken text, tooltip, or the row itself."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.provider
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join(part for part in (row.provider, row.state, row.advice) if part)
            case _:
                return row if role == STEP_ROLE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows are dragged; they are dropped between others, never on one."""
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        """Moving only."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """A type of our own: nothing else can be dropped here."""
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The source's name."""
        data = QMimeData()
        names = [str(index.data()) for index in indexes]
        data.setData(MIME, QByteArray("\n".join(names).encode()))
        return data
