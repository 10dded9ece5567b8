"""Operations that run, wait, or are over; and one of them closely."""

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from backend.contracts.dead_letter_operations import Operation, OperationCommand
from backend.contracts.errors import OperatorError
from controllers.clock import Clock
from controllers.dead_letters_operation_rows import operation_rows
from controllers.dead_letters_operations import OperationList
from controllers.rows import ROW_ROLE, Row, RowsModel
from views.dead_letters.operation_panel import OperationPanel
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import button, column, holder, label, row
from views.widgets.overlay import Overlay
from views.widgets.row_list import RowList

_LIST_WIDTH, _HEIGHT = 330, 470
_TOLD = "An operation lives in the dead-letter manager: it goes on when this window is closed."


class OperationsDialog(Overlay):
    """Signals: `asked` with an Operation and an OperationCommand; `undo_asked` with an Operation;
    `letter_asked` with the id of a letter.
    """

    asked = Signal(object, object)
    undo_asked = Signal(object)
    letter_asked = Signal(str)

    def __init__(self, theme: Theme, operations: OperationList, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent, width=1060)
        self._operations, self._clock = operations, clock
        self.banner = Banner(theme)
        self._rows = RowsModel(self)
        self.list = RowList(theme, self._rows, "Operations")
        self.panel = OperationPanel(theme)
        self.nothing = label("Nothing was done to many letters yet.", "muted", wrap=True)
        self._states = QStackedWidget()
        self.close_button = button("Close", name="operations-close")
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        self.list.setFixedWidth(_LIST_WIDTH)
        content = row(self.list, self.panel, gap=18)
        content.setStretch(1, 1)
        self._states.addWidget(holder(column(self.nothing, None)))
        self._states.addWidget(holder(content))
        self._states.setMinimumHeight(_HEIGHT)
        self.body.addLayout(row(label("Operations", "heading"), None, self.close_button))
        self.body.addWidget(label(_TOLD, "muted", wrap=True))
        self.body.addWidget(self.banner)
        self.body.addWidget(self._states, 1)

    def _wire(self) -> None:
        self._operations.listed.connect(self._on_listed)
        self._operations.items_read.connect(self._on_items)
        self._operations.failed.connect(self._on_failed)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.panel.asked.connect(self._on_asked)
        self.panel.undo_asked.connect(self._on_undo)
        self.panel.outcome_chosen.connect(self._on_outcome)
        self.panel.more_asked.connect(self._operations.read_more)
        self.panel.letter_asked.connect(self._on_letter)
        self.close_button.clicked.connect(self.close_overlay)
        self.closed.connect(self.deleteLater)

    def ask(self, wanted: str = "") -> None:
        """Open it, on the operation `wanted` where there is one."""
        self._operations.choose(wanted)
        self._on_listed()
        self.open(self.list)
        self._operations.read()

    def show_error(self, error: OperatorError) -> None:
        """What was not done; it stays until somebody has read it."""
        self.banner.show_error(error)

    @Slot()
    def _on_listed(self) -> None:
        known = list(self._operations.operations.values())
        chosen = self._operations.chosen
        self._rows.replace(operation_rows(known, self._clock()))
        self._states.setCurrentIndex(1 if known else 0)
        if not known:
            return
        rows = self._rows.rows()
        self.list.choose(chosen if chosen in self._operations.operations else rows[0].key)
        self._show()

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        one = index.data(ROW_ROLE)
        if isinstance(one, Row) and one.key != self._operations.chosen:
            self._operations.choose(one.key)
        self._show()

    def _show(self) -> None:
        operation = self._operations.operation
        if operation is not None:
            self.panel.show_operation(operation, self._operations.outcome)
            self._on_items()

    @Slot()
    def _on_items(self) -> None:
        self.panel.show_items(self._operations.items, more=self._operations.has_more)

    @Slot(object)
    def _on_failed(self, error: OperatorError | None) -> None:
        if error is not None:
            self.banner.show_error(error)

    @Slot(str)
    def _on_outcome(self, outcome: str) -> None:
        self._operations.choose(self._operations.chosen, outcome)
        self._show()

    @Slot(object)
    def _on_asked(self, command: OperationCommand) -> None:
        if self._operations.operation is not None:
            self.asked.emit(self._operations.operation, command)

    @Slot()
    def _on_undo(self) -> None:
        if self._operations.operation is not None:
            self.undo_asked.emit(self._operations.operation)

    @Slot(str)
    def _on_letter(self, message_id: str) -> None:
        self.close_overlay()
        self.letter_asked.emit(message_id)

    @property
    def shown(self) -> Operation | None:
        """The operation that is looked at."""
        return self._operations.operation
