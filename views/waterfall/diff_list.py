"""What differs between two waterfalls: a field a line, its changes below one another."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from backend.contracts.waterfall_diff import FieldDiff
from controllers.wording import sentence
from views.widgets.base import clear, label, line, scrolling

_NAME_WIDTH = 130
_MOST = 280


class DiffList(QWidget):
    """Fields at the left, sentences at the right; it scrolls when there are many."""

    def __init__(self, name: str, nothing: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._nothing = nothing
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnMinimumWidth(0, _NAME_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._shown: tuple[FieldDiff, ...] = ()
        self.setLayout(self._grid)

    def in_scroll_area(self, width: int | None = None) -> QScrollArea:
        """The list in a scroll area: of `width` and as high as its lines up to a limit, or of any size."""
        area = scrolling(self)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setAccessibleName(self.accessibleName())
        if width is not None:
            area.setFixedHeight(min(_MOST, self._grid.totalHeightForWidth(width) + 2))
        return area

    def show_changes(self, changes: Sequence[FieldDiff]) -> None:
        """Show the fields that differ."""
        self._shown = tuple(changes)
        clear(self._grid)
        if not changes:
            self._grid.addWidget(label(self._nothing, "muted", wrap=True), 0, 0, 1, 2)
        top = Qt.AlignmentFlag.AlignTop
        for place, change in enumerate(changes):
            self._grid.addWidget(label(change.field, "mono"), 2 * place, 0, top)
            words = "\n".join(sentence(edit.sentence()) for edit in change.edits)
            self._grid.addWidget(label(words, wrap=True), 2 * place, 1, top)
            if place + 1 < len(changes):
                self._grid.addWidget(line(), 2 * place + 1, 0, 1, 2)
        self._grid.setRowStretch(2 * len(changes) + 1, 1)

    def text(self) -> str:
        """Everything that is shown."""
        return "\n".join(change.sentence() for change in self._shown) or self._nothing
