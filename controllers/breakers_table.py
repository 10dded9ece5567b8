"""The table of providers. Telling only what changed is what keeps it cheap at one update a second."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from controllers.breakers_rows import SHORT_TITLES, TITLES, Column, ProviderRow

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The ProviderRow itself, for the delegate."""
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
FILTER_ROLE = Qt.ItemDataRole.UserRole + 3

_NUMBERS = (Column.FAILING, Column.CALLS, Column.P95, Column.BUDGET, Column.CACHE)
_ROLES = [Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, ROW_ROLE, SORT_ROLE]
_TIPS = {
    Column.STATE: "The worst of the provider's breakers",
    Column.RATES: "Share of failed calls in each slice of the last 15 minutes",
    Column.FAILING: "Failed calls of the last minute; throttled and not found do not count as failures",
    Column.P95: "19 of 20 calls of the last minute took no longer",
    Column.BUDGET: "Calls that could be made at once, of those the provider allows",
    Column.GATE: "Whether the provider's limit lets calls through",
    Column.CACHE: "Share of the last minute's answers that came from the cache",
}

Index = QModelIndex | QPersistentModelIndex


class BreakerTable(QAbstractTableModel):
    """Rows by provider, in the gateway's order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ProviderRow, ...] = ()
        self._narrow = False

    def set_narrow(self, *, narrow: bool) -> None:
        """Short titles where there is little room."""
        self._narrow = narrow
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)

    def rows(self) -> tuple[ProviderRow, ...]:
        """What is shown."""
        return self._rows

    def replace(self, rows: Sequence[ProviderRow]) -> None:
        """Show `rows`; with the same providers only the cells that differ are told to have changed."""
        new = tuple(rows)
        if [row.name for row in new] != [row.name for row in self._rows]:
            self.beginResetModel()
            self._rows = new
            self.endResetModel()
            return
        old, self._rows = self._rows, new
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after:
                for first, last in _runs(before, after):
                    # Not `index`: it asks for rows and columns first, which is known here.
                    self.dataChanged.emit(
                        self.createIndex(place, first), self.createIndex(place, last), _ROLES
                    )

    def place_of(self, name: str) -> int:
        """Row number of a provider, -1 when it is not shown."""
        return next((place for place, row in enumerate(self._rows) if row.name == name), -1)

    def rowCount(self, parent: Index | None = None) -> int:
        """Number of providers."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Number of columns."""
        return 0 if parent is not None and parent.isValid() else len(TITLES)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, the row for the delegate, or what to sort and filter by."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return row.cells[index.column()]
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken if index.column() == 0 else row.cells[index.column()]
        return _own(row, index.column(), role)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles; figures stand under the right edge of theirs."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                short = SHORT_TITLES.get(Column(section)) if self._narrow else None
                return short or TITLES[section]
            case Qt.ItemDataRole.ToolTipRole:
                return _TIPS.get(Column(section))
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if section in _NUMBERS else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


def as_tsv(rows: Sequence[ProviderRow]) -> str:
    """Rows with a header, for the clipboard."""
    return "\n".join("\t".join(cells) for cells in (TITLES, *(row.cells for row in rows)))


def is_number(column: int) -> bool:
    """Whether a column holds figures, which stand at the right."""
    return column in _NUMBERS


def _own(row: ProviderRow, column: int, role: int) -> object:
    match role:
        case _ if role == ROW_ROLE:
            return row
        case _ if role == SORT_ROLE:
            return row.keys[column]
        case _ if role == FILTER_ROLE:
            return f"{row.name} {row.cells[Column.STATE]} {row.cells[Column.GATE]}"
    return None


def _runs(before: ProviderRow, after: ProviderRow) -> Iterator[tuple[int, int]]:
    """First and last column of each stretch of neighbouring cells that differ."""
    changed = [column for column in Column if _differs(before, after, column)]
    start = 0
    for place, column in enumerate(changed):
        if place + 1 == len(changed) or changed[place + 1] != column + 1:
            yield changed[start], column
            start = place + 1


def _differs(before: ProviderRow, after: ProviderRow, column: Column) -> bool:
    if column is Column.RATES:
        return before.spark != after.spark
    if column is Column.STATE and before.condition is not after.condition:
        return True
    return before.cells[column] != after.cells[column]
