"""Copying the order of a field's sources to other fields."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QWidget

from controllers.waterfall_edits import Draft
from controllers.waterfall_sources import copy_targets
from views.widgets.base import button, column, holder, label, row, scrolling
from views.widgets.elided import ElidedLabel
from views.widgets.overlay import Overlay

_ROW, _MOST = 46, 7


class CopyOrderDialog(Overlay):
    """Signals: `picked` with the names of the fields."""

    picked = Signal(list)

    def __init__(self, draft: Draft, name: str, parent: QWidget) -> None:
        super().__init__(parent, width=600)
        targets = copy_targets(draft, name)
        self.boxes = {target: QCheckBox(target) for target in targets}
        self.all_button = button("Select all", "link")
        self.cancel_button = button("Cancel", name="copy-order-cancel")
        self.verb_button = button("Copy order", "primary", name="copy-order-verb")
        self.body.addWidget(label(f"Copy the order of {name} to other fields", "heading"))
        explanation = (
            "Their sources are put into the same order. None is added or removed; thresholds stay."
            if targets
            else "No other field has these sources in another order."
        )
        self.body.addWidget(label(explanation, "muted", wrap=True))
        lines = [column(box, _indented(targets[target]), gap=1) for target, box in self.boxes.items()]
        area = scrolling(holder(column(*lines, gap=8)))
        area.setFixedHeight(_ROW * min(len(lines), _MOST))
        area.setVisible(bool(lines))
        self.body.addWidget(area)
        self.body.addLayout(row(self.all_button, None, self.cancel_button, self.verb_button))
        self.all_button.setVisible(bool(lines))
        for box in self.boxes.values():
            box.toggled.connect(self._enable)
        self.all_button.clicked.connect(self._select_all)
        self.cancel_button.clicked.connect(self.close_overlay)
        self.verb_button.clicked.connect(self._pick)
        self.closed.connect(self.deleteLater)
        self._enable()

    def ask(self) -> None:
        """Open it."""
        self.open(next(iter(self.boxes.values()), self.cancel_button))

    @Slot()
    def _enable(self) -> None:
        self.verb_button.setEnabled(any(box.isChecked() for box in self.boxes.values()))

    @Slot()
    def _select_all(self) -> None:
        for box in self.boxes.values():
            box.setChecked(True)

    @Slot()
    def _pick(self) -> None:
        chosen = [name for name, box in self.boxes.items() if box.isChecked()]
        self.close_overlay()
        self.picked.emit(chosen)


def _indented(text: str) -> ElidedLabel:
    result = ElidedLabel(text, "faint")
    result.setContentsMargins(24, 0, 0, 0)
    return result
