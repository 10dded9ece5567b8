"""What can be done to the draft as a whole, at the right of the title."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from controllers.waterfall_editor import WaterfallEditor
from views.waterfall.dialogs import WaterfallDialogs
from views.widgets.base import GAP_M, button, row


class DraftBar(QWidget):
    """Undo and redo name what they would do. They have keys too, which do nothing under a dialogue.

    Signals: `told` with a sentence.
    """

    told = Signal(str)

    def __init__(
        self, editor: WaterfallEditor, dialogs: WaterfallDialogs, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._dialogs = editor, dialogs
        self.undo_button = button("Undo", "link", name="waterfall-undo")
        self.redo_button = button("Redo", "link", name="waterfall-redo")
        self.history_button = button("History", "link", name="waterfall-history")
        self.discard_button = button("Discard draft", name="waterfall-discard")
        self.apply_button = button("Review and apply…", "primary", name="waterfall-apply")
        buttons = (
            (self.undo_button, self.undo),
            (self.redo_button, self.redo),
            (self.history_button, dialogs.history),
            (self.discard_button, self.discard),
            (self.apply_button, dialogs.review),
        )
        self.setLayout(row(*(each for each, _ in buttons), gap=GAP_M))
        for each, slot in buttons:
            each.clicked.connect(slot)
        for keys, slot in (("Ctrl+Z", self.undo), ("Ctrl+Shift+Z", self.redo), ("Ctrl+Y", self.redo)):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def show_draft(self, apply: str, changed: bool) -> None:
        """`apply` is what its button says."""
        self.apply_button.setText(apply)
        self.apply_button.setAccessibleName(apply)
        self.apply_button.setEnabled(changed)
        self.discard_button.setEnabled(changed)
        for each, verb, label in (
            (self.undo_button, "Undo", self._editor.undo_label),
            (self.redo_button, "Redo", self._editor.redo_label),
        ):
            each.setEnabled(bool(label))
            each.setToolTip(f"{verb}: {label}" if label else "")
            each.setAccessibleName(f"{verb}: {label}" if label else verb)

    @Slot()
    def undo(self) -> None:
        """Take back what was done last."""
        if self._dialogs.current is None:
            self._editor.undo()

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._dialogs.current is None:
            self._editor.redo()

    @Slot()
    def discard(self) -> None:
        """Give the draft up; undo brings it back."""
        draft = self._editor.draft
        if draft is not None and draft.changed:
            self._editor.discard()
            self.told.emit("The draft is discarded. Undo (Ctrl+Z) brings it back.")
