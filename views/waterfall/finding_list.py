"""What stands against applying a draft, and what its author should know, each in full."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from backend.contracts.waterfall import WaterfallProblem
from controllers.marks import Mark, Shape
from controllers.waterfall_check import Check
from views.theme.theme import Theme
from views.widgets.base import label, scrolling
from views.widgets.state_icon import StateIcon

_PROBLEM = Mark(Shape.CROSS, "bad", "keeps it from being applied")
_NOTE = Mark(Shape.WARNING, "warn", "note")
_MOST = 190


class FindingList(QWidget):
    """Problems first, then notes."""

    def __init__(self, theme: Theme, check: Check, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self.sentences: list[str] = []
        for problem in check.problems:
            self._add(_PROBLEM, problem)
        for note in check.notes:
            self._add(_NOTE, note)
        self.setLayout(self._grid)

    def in_scroll_area(self, width: int) -> QScrollArea:
        """The list in a scroll area of `width`, as high as its texts up to a limit."""
        area = scrolling(self)
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        area.setAccessibleName("What to know before: " + " ".join(self.sentences))
        area.setFixedHeight(min(_MOST, self._grid.totalHeightForWidth(width) + 2))
        area.setVisible(bool(self.sentences))
        return area

    def _add(self, mark: Mark, problem: WaterfallProblem) -> None:
        place = len(self.sentences)
        icon = StateIcon(self._theme, mark.shape.value, mark.tone, 15)
        icon.show_mark(mark)
        about = " · ".join(part for part in (problem.field, problem.provider) if part)
        text = f"{about}: {problem.problem}" if about else problem.problem
        self._grid.addWidget(icon, place, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(label(text, wrap=True), place, 1)
        self.sentences.append(text)
