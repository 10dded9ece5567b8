"""A table over any number of dead letters: it knows their count, and holds the pages looked at last.

Blocks of rows are read by the cursor of a neighbour where that is held, else by a jump to about their place.
So no row costs more than any other, and memory stays the same however many there are.
"""

from collections import OrderedDict
from datetime import datetime
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from backend.contracts.dead_letter_views import LetterPage, LetterRow, PageRequest, Selection
from controllers.wording import ago

Index = QModelIndex | QPersistentModelIndex
BLOCK = 200
MOST_BLOCKS = 40
"""Eight thousand rows: some megabytes."""
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
CHECKED_ROLE = Qt.ItemDataRole.UserRole + 2


class Column(IntEnum):
    """Columns, from the left."""

    PICK = 0
    TRACK = 1
    ARTIST = 2
    STATE = 3
    TRIES = 4
    FAILED = 5


TITLES = {
    Column.PICK: "",
    Column.TRACK: "Track",
    Column.ARTIST: "Artist",
    Column.STATE: "State",
    Column.TRIES: "Tries",
    Column.FAILED: "Failed",
}


class LetterTable(QAbstractTableModel):
    """Signals: `wanted` with a PageRequest when rows are looked at that are not held; `picked_changed`."""

    wanted = Signal(int, object)
    picked_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.selection = Selection()
        self.total, self.is_exact = 0, True
        self.all_picked = False
        """Every letter of the selection is meant, but for the exceptions."""
        self._marked: set[str] = set()
        """Picked by hand; with `all_picked` those that are left out."""
        self._blocks: OrderedDict[int, LetterPage] = OrderedDict()
        self._asked: int | None = None
        self._now: datetime | None = None

    def show(self, selection: Selection, first: LetterPage, now: datetime) -> None:
        """Begin anew with the first page of a selection; what was picked of the same one stays picked."""
        is_same = selection == self.selection
        self.beginResetModel()
        self.selection, self._now = selection, now
        self.total, self.is_exact = first.total, first.total_is_exact
        self._blocks = OrderedDict({0: first})
        self._asked = None
        if not is_same:
            self.all_picked = False
            self._marked.clear()
        self.endResetModel()
        self.picked_changed.emit()

    def take(self, block: int, page: LetterPage) -> None:
        """Rows of a block that was wanted."""
        self._asked = None
        self._blocks[block] = page
        self._blocks.move_to_end(block)
        while len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)
        last = min((block + 1) * BLOCK, self.total) - 1
        self.dataChanged.emit(self.index(block * BLOCK, 0), self.index(last, Column.FAILED))

    def give_up(self) -> None:
        """The block that was asked for will not come; it is asked for again when it is looked at."""
        self._asked = None

    def replace(self, changed: LetterRow) -> None:
        """Show one letter as it is now, wherever it is held."""
        for block, page in self._blocks.items():
            for place, row in enumerate(page.rows):
                if row.message_id == changed.message_id:
                    page.rows[place] = LetterRow.model_validate(changed.model_dump())
                    at = block * BLOCK + place
                    self.dataChanged.emit(self.index(at, 0), self.index(at, Column.FAILED))

    def row_at(self, place: int) -> LetterRow | None:
        """The row at a place; none when it is not held, and then it is asked for."""
        block, inside = divmod(place, BLOCK)
        page = self._blocks.get(block)
        if page is None:
            self._want(block)
            return None
        return page.rows[inside] if inside < len(page.rows) else None

    def place_of(self, message_id: str) -> int:
        """Where a letter is among the newest; -1 when it is not."""
        rows = self._blocks[0].rows if 0 in self._blocks else []
        return next((place for place, row in enumerate(rows) if row.message_id == message_id), -1)

    def held(self) -> int:
        """Rows that are in memory."""
        return sum(len(page.rows) for page in self._blocks.values())

    def _want(self, block: int) -> None:
        if self._asked is not None:
            return
        self._asked = block
        self.wanted.emit(block, self._request(block))

    def _request(self, block: int) -> PageRequest:
        before, after = self._blocks.get(block - 1), self._blocks.get(block + 1)
        request = PageRequest(selection=self.selection, limit=BLOCK)
        if before is not None and before.following:
            return request.model_copy(update={"after": before.following})
        if after is not None and after.preceding:
            return request.model_copy(update={"before": after.preceding})
        if block == 0:
            return request
        return request.model_copy(update={"at_fraction": min(1.0, block * BLOCK / max(1, self.total))})

    # Picking ---------------------------------------------------------------------------------------------

    def is_picked(self, row: LetterRow) -> bool:
        """Whether a letter is meant."""
        return (row.message_id in self._marked) != self.all_picked

    def toggle(self, place: int) -> None:
        """Pick a letter, or leave it out."""
        row = self.row_at(place)
        if row is None:
            return
        self._marked ^= {row.message_id}
        self.dataChanged.emit(self.index(place, 0), self.index(place, 0))
        self.picked_changed.emit()

    def pick_all(self, *, picked: bool) -> None:
        """Mean every letter of the selection, however many; or none."""
        self.all_picked = picked
        self._marked.clear()
        if self.total:
            self.dataChanged.emit(self.index(0, 0), self.index(self.total - 1, 0))
        self.picked_changed.emit()

    @property
    def picked_count(self) -> int:
        """How many letters are meant."""
        return self.total - len(self._marked) if self.all_picked else len(self._marked)

    def meant(self) -> Selection:
        """What an operation acts on: what is picked, or without a pick everything that is shown."""
        if self.all_picked:
            return self.selection.model_copy(update={"except_ids": sorted(self._marked)})
        if self._marked:
            return self.selection.model_copy(update={"message_ids": sorted(self._marked)})
        return self.selection

    # Qt --------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        """All letters of the selection, held or not."""
        return 0 if parent is not None and parent.isValid() else self.total

    def columnCount(self, parent: Index | None = None) -> int:
        """The columns."""
        return 0 if parent is not None and parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[Column(section)]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself for the delegate, and what a screen reader says."""
        if role == ROW_ROLE:
            return self.row_at(index.row())
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            row = self.row_at(index.row())
            return "loading…" if row is None else self.text(row, Column(index.column()))
        if role == CHECKED_ROLE:
            row = self.row_at(index.row())
            return row is not None and self.is_picked(row)
        return None

    def text(self, row: LetterRow, column: Column) -> str:
        """A cell in words."""
        match column:
            case Column.PICK:
                return "picked" if self.is_picked(row) else ""
            case Column.TRACK:
                return row.title or row.message_id
            case Column.ARTIST:
                return row.artist or "–"
            case Column.STATE:
                word = row.state.value.replace("_", " ")
                return f"{word}, stale" if row.is_stale else word
            case Column.TRIES:
                return str(row.attempts)
            case _:
                return "" if self._now is None else ago(row.failed_at, self._now)
