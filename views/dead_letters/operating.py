"""What is asked of operations on the dead-letter screen: from the bar, from the list, and by keyboard."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from backend.contracts.dead_letter_operations import Operation, OperationCommand
from backend.contracts.errors import OperatorError
from controllers.dead_letters_operation_rows import allows
from views.dead_letters.operations_dialog import OperationsDialog
from views.dead_letters.pace_dialog import PaceDialog
from views.theme.theme import Theme

if TYPE_CHECKING:
    from views.dead_letters.view import DeadLettersView


class Operating(QObject):
    """Belongs to the view; `dialog` is the list of operations while it is open, `pace_dialog` likewise."""

    def __init__(self, theme: Theme, view: DeadLettersView) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view
        self._acts = view.controller.acts
        self.dialog: OperationsDialog | None = None
        self.pace_dialog: PaceDialog | None = None

    def wire(self) -> None:
        """Connect the view's buttons."""
        view = self._view
        view.operations_button.clicked.connect(self.ask_list)
        view.operation.asked.connect(self._on_bar)
        view.operation.undo_asked.connect(self._on_bar_undo)
        view.operation.details_asked.connect(self.ask_details)
        self._acts.operation_changed.connect(view.controller.operations.take)
        self._acts.failed.connect(self._on_failed)

    @Slot()
    def ask_list(self) -> None:
        """Look at all operations."""
        self._open("")

    @Slot()
    def ask_details(self) -> None:
        """Look closely at the one in the bar."""
        shown = self._view.operation.operation
        self._open(shown.id if shown is not None else "")

    @Slot()
    def ask_pace(self) -> None:
        """Change the pace of the one in the bar."""
        shown = self._view.operation.operation
        if shown is not None and self._view.operation.isVisible() and allows(shown, OperationCommand.PACE):
            self._ask_pace(shown)

    @Slot()
    def accept_or_resume(self) -> None:
        """Let the one in the bar go on: accept its sample, or resume it."""
        shown = self._view.operation.operation
        for command in (OperationCommand.ACCEPT, OperationCommand.RESUME):
            if shown is not None and self._view.operation.isVisible() and allows(shown, command):
                self._acts.control(shown, command)
                return

    def _open(self, wanted: str) -> None:
        if self.dialog is not None:
            return
        controller = self._view.controller
        dialog = OperationsDialog(self._theme, controller.operations, controller.clock, self._view.window())
        dialog.asked.connect(self._on_asked)
        dialog.undo_asked.connect(self._acts.undo)
        dialog.letter_asked.connect(controller.open)
        dialog.closed.connect(self._on_closed)
        self.dialog = dialog
        dialog.ask(wanted)

    def _ask_pace(self, operation: Operation) -> None:
        dialog = PaceDialog(operation, self._view.window())
        dialog.chosen.connect(partial(self._on_pace, operation.id))
        dialog.closed.connect(self._on_pace_closed)
        self.pace_dialog = dialog
        dialog.ask()

    def _on_pace(self, operation_id: str, per_second: float | None) -> None:
        """As it is by now: while it runs its version may have gone on since the dialog opened."""
        operation = self._view.controller.operations.operations.get(operation_id)
        shown = self._view.operation.operation
        if operation is None and shown is not None and shown.id == operation_id:
            operation = shown
        if operation is not None:
            self._acts.set_pace(operation, per_second)

    @Slot(object)
    def _on_bar(self, command: OperationCommand) -> None:
        if self._view.operation.operation is not None:
            self._on_asked(self._view.operation.operation, command)

    @Slot()
    def _on_bar_undo(self) -> None:
        if self._view.operation.operation is not None:
            self._acts.undo(self._view.operation.operation)

    @Slot(object, object)
    def _on_asked(self, operation: Operation, command: OperationCommand) -> None:
        if command is OperationCommand.PACE:
            self._ask_pace(operation)
        else:
            self._acts.control(operation, command)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        if self.dialog is not None:
            self.dialog.show_error(error)

    @Slot()
    def _on_closed(self) -> None:
        self.dialog = None

    @Slot()
    def _on_pace_closed(self) -> None:
        self.pace_dialog = None
