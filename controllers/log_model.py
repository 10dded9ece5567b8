"""The live output of a run as a table: a ring of lines, filtered by source."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from backend.contracts.runs import OutputLine
from controllers.wording import local_time

Index = QModelIndex | QPersistentModelIndex

CAPACITY = 100_000
"""Lines kept. Older ones are dropped and counted."""

_SLACK = 5_000
SHOWN_CHARACTERS = 500
LINE_ROLE = Qt.ItemDataRole.UserRole + 1

# Control characters become visible glyphs: output can then neither hide text nor forge lines.
_GLYPHS = {code: 0x2400 + code for code in range(32)} | {0x7F: 0x2421, 0x09: ord(" ")}


def visible(text: str) -> str:
    """`text` with control characters as glyphs, cut to what a row can show."""
    shown = text.translate(_GLYPHS)
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[: SHOWN_CHARACTERS - 1] + "…"


class LogModel(QAbstractTableModel):
    """Columns time, source, text.

    Signals: `sources_changed` when a source spoke for the first time; `counted` after any change.
    """

    sources_changed = Signal()
    counted = Signal()

    def __init__(self, parent: QObject | None = None, capacity: int = CAPACITY) -> None:
        super().__init__(parent)
        self._capacity = capacity
        self._lines: list[OutputLine] = []
        self._shown: list[OutputLine] = self._lines
        self._source: str | None = None
        self.sources: list[str] = []
        self.dropped = 0

    @property
    def total(self) -> int:
        """Lines kept, shown or not."""
        return len(self._lines)

    @property
    def last_sequence(self) -> int:
        """Sequence number of the newest line; 0 before the first."""
        return self._lines[-1].sequence if self._lines else 0

    def clear(self) -> None:
        """Forget all lines and the filter."""
        self.beginResetModel()
        self._lines = []
        self._shown, self._source, self.sources, self.dropped = self._lines, None, [], 0
        self.endResetModel()
        self.sources_changed.emit()
        self.counted.emit()

    def append(self, lines: Sequence[OutputLine]) -> None:
        """Add lines, oldest first; call it with batches, not line by line."""
        if not lines:
            return
        passing = [line for line in lines if self._source in (None, line.source)]
        if passing:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(passing) - 1)
        self._lines.extend(lines)
        if self._shown is not self._lines:
            self._shown.extend(passing)
        if passing:
            self.endInsertRows()
        self._note_sources(lines)
        self._trim()
        self.counted.emit()

    def show_source(self, source: str | None) -> None:
        """Show the lines of one source, or all of them."""
        self.beginResetModel()
        self._source = source
        self._shown = (
            self._lines if source is None else [line for line in self._lines if line.source == source]
        )
        self.endResetModel()
        self.counted.emit()

    def text(self) -> str:
        """All shown lines with their full text, as they are copied and saved."""
        return "\n".join(as_text(line) for line in self._shown)

    def line(self, row: int) -> OutputLine:
        """The line shown in `row`."""
        return self._shown[row]

    def rowCount(self, parent: Index | None = None) -> int:
        """Number of shown lines; a table has no children."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index | None = None) -> int:
        """Time, source and text."""
        return 0 if parent is not None and parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a cell shows."""
        if role == LINE_ROLE:
            return self._shown[index.row()] if index.isValid() else None
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        line = self._shown[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return visible(line.text)
        if index.column() == 0:
            return local_time(line.at)
        return line.source if index.column() == 1 else visible(line.text)

    def _note_sources(self, lines: Sequence[OutputLine]) -> None:
        new = [
            source for source in dict.fromkeys(line.source for line in lines) if source not in self.sources
        ]
        if new:
            self.sources.extend(new)
            self.sources_changed.emit()

    def _trim(self) -> None:
        """Drop the oldest lines in large pieces: dropping one at a time would redraw for every line."""
        surplus = len(self._lines) - self._capacity
        if surplus <= _SLACK:
            return
        gone = self._lines[:surplus]
        hidden_list = self._shown is not self._lines
        shown_gone = sum(line.source == self._source for line in gone) if hidden_list else surplus
        if shown_gone:
            self.beginRemoveRows(QModelIndex(), 0, shown_gone - 1)
        del self._lines[:surplus]
        if hidden_list:
            del self._shown[:shown_gone]
        self.dropped += surplus
        if shown_gone:
            self.endRemoveRows()


def as_text(line: OutputLine) -> str:
    """A line as it is copied."""
    return f"{line.at.isoformat(timespec='seconds')} {line.source:<22} {line.text}"
