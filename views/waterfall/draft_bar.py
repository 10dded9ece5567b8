"""What can be done to the draft as a whole, at the right of the title."""

from PySide6.QtWidgets import QWidget

from views.widgets.base import GAP_M, button, row


class DraftBar(QWidget):
    """Undo and redo name what they would do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.undo_button = button("Undo", "link", name="waterfall-undo")
        self.redo_button = button("Redo", "link", name="waterfall-redo")
        self.history_button = button("History", "link", name="waterfall-history")
        self.discard_button = button("Discard draft", name="waterfall-discard")
        self.apply_button = button("Review and apply…", "primary", name="waterfall-apply")
        self.setLayout(
            row(
                self.undo_button,
                self.redo_button,
                self.history_button,
                self.discard_button,
                self.apply_button,
                gap=GAP_M,
            )
        )

    def show_draft(self, apply: str, changed: bool, undo: str, redo: str) -> None:
        """`apply` is what its button says; `undo` and `redo` are what they would do, empty for nothing."""
        self.apply_button.setText(apply)
        self.apply_button.setAccessibleName(apply)
        self.apply_button.setEnabled(changed)
        self.discard_button.setEnabled(changed)
        for each, verb, label in ((self.undo_button, "Undo", undo), (self.redo_button, "Redo", redo)):
            each.setEnabled(bool(label))
            each.setToolTip(f"{verb}: {label}" if label else "")
            each.setAccessibleName(f"{verb}: {label}" if label else verb)
