"""Opens the editor's dialogues, one at a time, and carries out what they end with."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.waterfall import WaterfallConfiguration
from controllers.waterfall import WaterfallController
from controllers.waterfall_rows import StepRow
from views.theme.theme import Theme
from views.waterfall.add_source import AddSourceDialog
from views.waterfall.copy_order import CopyOrderDialog
from views.waterfall.history import HistoryDialog
from views.waterfall.move_to import MoveToDialog
from views.waterfall.rebase_dialog import RebaseDialog
from views.waterfall.review import ReviewDialog
from views.waterfall.step_list import StepList
from views.widgets.overlay import Overlay


class WaterfallDialogs(QObject):
    """`current` is the dialogue that is open; none when there is none."""

    def __init__(self, theme: Theme, controller: WaterfallController, view: QWidget) -> None:
        super().__init__(view)
        self._theme, self._controller, self._view = theme, controller, view
        self.current: Overlay | None = None

    @Slot()
    def add_source(self) -> None:
        """Pick a source for the field that is looked at."""
        if self._controller.editor.field is not None:
            dialog = AddSourceDialog(self._theme, self._controller, self._view.window())
            dialog.picked.connect(self._controller.editor.add)
            self._opened(dialog)
            dialog.ask()

    @Slot()
    def copy_order(self) -> None:
        """Pick the fields that get this one's order."""
        draft = self._controller.editor.draft
        if draft is not None:
            dialog = CopyOrderDialog(draft, self._controller.editor.selection, self._view.window())
            dialog.picked.connect(self._controller.editor.copy_order)
            self._opened(dialog)
            dialog.ask()

    def move_to(self, step: StepRow, steps: StepList) -> None:
        """Ask for the place of the source in focus."""
        dialog = MoveToDialog(step, self._view.window())
        dialog.picked.connect(steps.move_current)
        self._opened(dialog)
        dialog.ask()

    @Slot()
    def review(self, comment: str = "") -> None:
        """The last look before applying; a conflict has to be decided first."""
        draft = self._controller.editor.draft
        if self._controller.standing.conflict is not None:
            self.resolve()
        elif draft is not None and draft.changed:
            dialog = ReviewDialog(self._theme, self._controller, self._view.window(), comment)
            self._opened(dialog)
            dialog.ask()

    @Slot()
    def resolve(self) -> None:
        """Show both sides of a conflict."""
        conflict = self._controller.standing.conflict
        if conflict is not None:
            dialog = RebaseDialog(self._controller, conflict, self._view.window())
            self._opened(dialog)
            dialog.ask()

    @Slot()
    def history(self) -> None:
        """Show the versions."""
        dialog = HistoryDialog(self._theme, self._controller, self._view.window())
        dialog.revert_asked.connect(self._revert)
        self._opened(dialog)
        dialog.ask()

    @Slot(object)
    def _revert(self, version: WaterfallConfiguration) -> None:
        """An earlier version becomes the draft and is applied like any other one."""
        self._controller.standing.revert_to(version)
        comment = f"Revert to version {version.version}"
        self.review(f"{comment}: {version.comment}" if version.comment else comment)

    def _opened(self, dialog: Overlay) -> None:
        self.current = dialog
        dialog.closed.connect(self._on_closed)

    @Slot()
    def _on_closed(self) -> None:
        self.current = None
