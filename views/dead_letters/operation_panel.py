"""One operation: who asked for it and why, how far it is, what became of each member, what can be asked."""

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from backend.contracts.dead_letter_operations import Operation, OperationCommand, OperationItem
from controllers.dead_letters_operation_rows import (
    allows,
    item_rows,
    made_words,
    of_operation,
    option_words,
    outcome_chips,
)
from controllers.dead_letters_rows import (
    can_undo,
    canary_words,
    operation_share,
    operation_tone,
    operation_words,
)
from controllers.rows import ROW_ROLE, Row, RowsModel
from controllers.wording import count
from views.theme.theme import Theme
from views.widgets.bar import Bar
from views.widgets.base import add_shown, button, clear, column, label, one_pass, row
from views.widgets.elided import ElidedLabel
from views.widgets.pill import Pill
from views.widgets.row_list import RowList

C = OperationCommand
VERBS = {
    C.START: "Start",
    C.ACCEPT: "Send the rest",
    C.PAUSE: "Pause",
    C.RESUME: "Go on",
    C.PACE: "Pace…",
    C.CANCEL: "Cancel operation",
}


class OperationPanel(QWidget):
    """Signals: `asked` with an OperationCommand; `undo_asked`; `outcome_chosen` with an outcome, empty for
    all; `more_asked`; `letter_asked` with the id of a member.
    """

    asked = Signal(object)
    undo_asked = Signal()
    outcome_chosen = Signal(str)
    more_asked = Signal()
    letter_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel("", "strong")
        self.state = Pill()
        self.made = label("", "muted", wrap=True)
        self.options = label("", "muted", wrap=True)
        self.bar = Bar(theme, "Progress of the operation")
        self.words = label("", wrap=True)
        self.chips = QButtonGroup(self)
        self._chip_line: QHBoxLayout = row(gap=6)
        self._chipped: list[tuple[str, str]] = []
        self._items = RowsModel(self)
        self.items = RowList(theme, self._items, "Members and what became of them")
        self.more_button = button("Show more", "link", name="operation-more")
        self.buttons = {
            command: button(
                text, "primary" if command in {C.ACCEPT, C.START} else "", name=f"of-{command.value}"
            )
            for command, text in VERBS.items()
        }
        self.undo_button = button("Undo", name="of-undo")
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        head = row(self.title, self.state)
        head.setStretch(0, 1)
        commands = row(*self.buttons.values(), self.undo_button, None)
        content = column(
            head, self.made, self.options, self.bar, self.words, self._chip_line, self.items,
            self.more_button, commands, gap=9,
        )  # fmt: skip
        content.setStretch(6, 1)
        self.setLayout(content)

    def _wire(self) -> None:
        for command_button in self.buttons.values():
            command_button.clicked.connect(self._on_command)
        self.undo_button.clicked.connect(self.undo_asked)
        self.more_button.clicked.connect(self.more_asked)
        self.chips.buttonClicked.connect(self._on_chip)
        self.items.activated.connect(self._on_item)

    def show_operation(self, operation: Operation, outcome: str) -> None:
        """Show an operation as it is now; `outcome` is the group of members that is shown."""
        mark = of_operation(operation)
        self.title.setText(
            f"{operation.kind.value.capitalize()} {count(operation.total)} · {operation.title}"
        )
        self.state.show_state(mark.word, mark.tone)
        self.made.setText(made_words(operation))
        self.options.setText(option_words(operation))
        self.options.setVisible(bool(self.options.text()))
        tone = operation_tone(operation)
        self.bar.show_share(operation_share(operation), tone if tone != "muted" else "info")
        self.words.setText(f"{canary_words(operation)} {operation_words(operation)}".strip())
        self._show_chips(outcome_chips(operation), outcome)
        for command, command_button in self.buttons.items():
            command_button.setVisible(allows(operation, command))
        self.undo_button.setVisible(can_undo(operation))

    def show_items(self, items: list[OperationItem], *, more: bool) -> None:
        """Show members."""
        self._items.replace(item_rows(items))
        self.more_button.setVisible(more)

    def _show_chips(self, chips: list[tuple[str, str]], outcome: str) -> None:
        if chips != self._chipped:
            self._chipped = chips
            for old in self.chips.buttons():
                self.chips.removeButton(old)
            with one_pass(self._chip_line):
                clear(self._chip_line)
                for value, words in chips:
                    self._add_chip(value, words)
                self._chip_line.addStretch(1)
        for chip in self.chips.buttons():
            chip.setChecked(chip.objectName() == f"outcome-{outcome}")

    def _add_chip(self, outcome: str, words: str) -> None:
        chip = button(words, "chip", name=f"outcome-{outcome}")
        chip.setCheckable(True)
        self.chips.addButton(chip)
        add_shown(self._chip_line, chip)

    @Slot()
    def _on_command(self) -> None:
        pressed = self.sender()
        for command, command_button in self.buttons.items():
            if command_button is pressed:
                self.asked.emit(command)

    @Slot(QAbstractButton)
    def _on_chip(self, chip: QAbstractButton) -> None:
        self.outcome_chosen.emit(chip.objectName().removeprefix("outcome-"))

    @Slot(QModelIndex)
    def _on_item(self, index: QModelIndex) -> None:
        item = index.data(ROW_ROLE)
        if isinstance(item, Row):
            self.letter_asked.emit(item.key)
