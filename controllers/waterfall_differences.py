"""The values that would be other ones: a table that makes texts only of the rows that are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from backend.contracts.replay import ValueDifference, ValueSide
from controllers.rows import Index
from controllers.waterfall_words import confidence_words, value_words

CELL_ROLE = Qt.ItemDataRole.UserRole + 1
"""The `DifferenceCell`, for the delegate."""
_ROOT = QModelIndex()


class DifferenceColumn(IntEnum):
    """Columns from left to right."""

    TRACK = 0
    BEFORE = 1
    AFTER = 2


@dataclass(frozen=True)
class DifferenceCell:
    """Two lines of a cell."""

    text: str
    below: str
    missing: bool = False


class DifferencesModel(QAbstractTableModel):
    """Track, value in force, value under the draft."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ValueDifference, ...] = ()
        self._version = 0

    def replace(self, rows: Sequence[ValueDifference], version: int) -> None:
        """Show `rows`, compared with `version`."""
        new = tuple(rows)
        if (new, version) != (self._rows, self._version):
            self.beginResetModel()
            self._rows, self._version = new, version
            self.endResetModel()

    def difference(self, row: int) -> ValueDifference | None:
        """The line at `row`; none when there is no such line."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of values."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Three."""
        return 0 if parent.isValid() else len(DifferenceColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, tooltip, spoken text, or both lines for the delegate."""
        found = self.difference(index.row()) if index.isValid() else None
        if found is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell_of(found, index.column()).text
            case Qt.ItemDataRole.ToolTipRole:
                return explanation(found)
            case Qt.ItemDataRole.AccessibleTextRole:
                cell = cell_of(found, index.column())
                return f"{cell.text}, {cell.below}" if cell.below else cell.text
            case _:
                return cell_of(found, index.column()) if role == CELL_ROLE else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """`Track`, `v7`, `draft`."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return ("Track", f"v{self._version}", "draft")[section]
        return None

    def as_tsv(self) -> str:
        """Everything that is shown, for the clipboard."""
        lines = ["\t".join(("Artist", "Title", f"v{self._version}", "Source", "draft", "Source"))]
        for each in self._rows:
            before, after = each.before, each.after
            parts = (each.artist_name, each.track_title, value_words(before.value), before.provider or "")
            lines.append("\t".join((*parts, value_words(after.value), after.provider or "")))
        return "\n".join(lines)


def cell_of(difference: ValueDifference, column: int) -> DifferenceCell:
    """What stands in one cell."""
    if column == DifferenceColumn.TRACK:
        return DifferenceCell(difference.track_title, difference.artist_name)
    side = difference.before if column == DifferenceColumn.BEFORE else difference.after
    return DifferenceCell(value_words(side.value), source_words(side), missing=side.provider is None)


def source_words(side: ValueSide) -> str:
    """`discogs 0.84 · #2` with its place, or why there is no value."""
    if side.provider is None:
        return side.detail or "no value"
    place = f" · #{side.position}" if side.position is not None else ""
    return f"{side.provider} {confidence_words(side.confidence)}{place}"


def side_words(side: ValueSide) -> str:
    """A candidate explained in one sentence."""
    if side.provider is None:
        return f"No value. {side.detail}".strip()
    match = f", match {100 * side.match_probability:.0f} %" if side.match_probability is not None else ""
    place = f", place {side.position}" if side.position is not None else ""
    sure = f"confidence {confidence_words(side.confidence)}{match}"
    return f"{value_words(side.value)}: {side.provider}{place}, {sure}. {side.detail}".strip()


def explanation(difference: ValueDifference) -> str:
    """Both candidates explained."""
    return (
        f"{difference.artist_name} – {difference.track_title}\n"
        f"Before: {side_words(difference.before)}\nDraft: {side_words(difference.after)}"
    )
