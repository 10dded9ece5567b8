"""The operation that is under way, or was just finished: how far it is, and what can be asked of it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QWidget

from backend.contracts.dead_letter_operations import Operation, OperationCommand
from controllers.dead_letters_operation_rows import allows
from controllers.dead_letters_rows import (
    can_undo,
    canary_words,
    operation_share,
    operation_title,
    operation_tone,
    operation_words,
)
from views.dead_letters.operation_panel import VERBS
from views.theme.theme import Theme
from views.widgets.bar import Bar
from views.widgets.base import button, column, restyle, row
from views.widgets.elided import ElidedLabel

C = OperationCommand
_SHOWN = (C.ACCEPT, C.PAUSE, C.RESUME, C.PACE, C.CANCEL)


class OperationBar(QFrame):
    """Hidden without an operation. Signals: `asked` with an OperationCommand; `undo_asked`; `details_asked`
    when its members are wanted.
    """

    asked = Signal(object)
    undo_asked = Signal()
    details_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operation: Operation | None = None
        self.setProperty("kind", "banner")
        self.setProperty("tone", "accent")
        self.title = ElidedLabel("", "strong")
        self.words = ElidedLabel("")
        self.bar = Bar(theme, "Progress of the operation")
        self.buttons = {
            command: button(
                VERBS[command], "primary" if command is C.ACCEPT else "", name=f"operation-{command.value}"
            )
            for command in _SHOWN
        }
        self.details_button = button("Details", "link", name="operation-details", tip="Every member (O)")
        self.undo_button = button("Undo", name="operation-undo")
        self.close_button = button("Dismiss", "link", name="operation-dismiss")
        texts = column(self.title, self.words, self.bar, gap=4)
        actions = (*self.buttons.values(), self.undo_button, self.details_button, self.close_button)
        layout = row(texts, *actions, margin=(12, 9, 8, 9))
        layout.setStretch(0, 1)
        self.setLayout(layout)
        for command_button in self.buttons.values():
            command_button.clicked.connect(self._on_command)
        self.undo_button.clicked.connect(self.undo_asked)
        self.details_button.clicked.connect(self.details_asked)
        self.close_button.clicked.connect(self.hide)
        self.hide()

    def show_operation(self, operation: Operation) -> None:
        """Show an operation as it is now; one that was dismissed comes back only when it is another one."""
        is_new = self.operation is None or self.operation.id != operation.id
        changed = self.operation is not None and self.operation.state is not operation.state
        self.operation = operation
        self.title.setText(operation_title(operation))
        told = canary_words(operation)
        self.words.setText(f"{told}  {operation_words(operation)}".strip())
        tone = operation_tone(operation)
        self.bar.show_share(operation_share(operation), tone if tone != "muted" else "info")
        restyle(self, tone=tone)
        for command, command_button in self.buttons.items():
            command_button.setVisible(allows(operation, command))
        self.undo_button.setVisible(can_undo(operation))
        self.close_button.setVisible(operation.finished_at is not None)
        if is_new or changed:
            self.show()

    @Slot()
    def _on_command(self) -> None:
        pressed = self.sender()
        for command, command_button in self.buttons.items():
            if command_button is pressed:
                self.asked.emit(command)
