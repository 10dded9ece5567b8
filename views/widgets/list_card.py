"""A card with a list, and words in its place when there is nothing to list."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from controllers.rows import ROW_ROLE, Row, RowsModel
from views.theme.theme import Theme
from views.widgets.base import column, holder, label
from views.widgets.card import Card
from views.widgets.row_list import RowList


class ListCard(Card):
    """Signals: `chosen` with the key of the row that became current, by whatever means."""

    chosen = Signal(str)

    def __init__(
        self,
        theme: Theme,
        caption: str,
        *actions: QWidget,
        picks: bool = True,
        two_lines: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(caption, *actions, parent=parent)
        self.model = RowsModel(self)
        self.list = RowList(theme, self.model, caption, picks=picks, two_lines=two_lines)
        self._nothing = label("", "muted", wrap=True)
        self._states = QStackedWidget()
        self._states.addWidget(self.list)
        self._states.addWidget(holder(column(self._nothing, None)))
        self.body.addWidget(self._states)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)

    def show_rows(self, rows: Sequence[Row], nothing: str, *, first: bool = True) -> None:
        """Show `rows`, or say `nothing`; the current row stays, and with `first` there always is one."""
        before = self.list.chosen()
        self.model.replace(rows)
        self._nothing.setText(nothing)
        self._states.setCurrentIndex(0 if rows else 1)
        if not rows:
            return
        if self.model.place_of(before) >= 0:
            self.list.choose(before)
        elif first:
            self.list.choose(rows[0].key)

    @property
    def nothing(self) -> str:
        """The words shown in place of the list; empty when there is something to list."""
        return self._nothing.text() if self._states.currentIndex() else ""

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, Row):
            self.chosen.emit(row.key)
