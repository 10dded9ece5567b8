"""Names and values below one another, changed in place so that a tick of the clock lays nothing out anew."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from controllers.breakers_detail import Fact
from controllers.wording import breakable
from views.widgets.base import label, line, restyle, selectable

_NAME_WIDTH = 148


class FactList(QWidget):
    """Shows facts. Rows are made only when there are more of them than ever before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, _NAME_WIDTH)
        self._grid.setColumnStretch(1, 1)
        self._names: list[QLabel] = []
        self._values: list[QLabel] = []
        self._lines: list[QWidget] = []
        self._shown: tuple[Fact, ...] = ()
        self._beside: int | None = None
        self.setLayout(self._grid)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show `facts` in order."""
        new = tuple(facts)
        if new == self._shown:
            return
        before, self._shown = self._shown, new
        for place, fact in enumerate(new):
            if place >= len(self._names):
                self._add()
            if place >= len(before) or fact != before[place]:
                self._fill(place, fact)
        for place in range(len(self._names)):
            for part in (self._names[place], self._values[place], self._lines[place]):
                part.setVisible(place < len(new))

    def put_beside(self, place: int, widget: QWidget) -> None:
        """Put a control beside the value at `place`, before anything is shown."""
        self._beside = place
        self._grid.addWidget(widget, 2 * place, 2)

    def texts(self) -> dict[str, str]:
        """What is shown, by name."""
        return {fact.name: fact.value for fact in self._shown}

    def _add(self) -> None:
        name, value = label("", "muted"), selectable("", "")
        if len(self._names) != self._beside:
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Read and copied with the mouse; Tab goes to what can be pressed.
        value.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row, hairline = 2 * len(self._names), line()
        alone = len(self._names) != self._beside
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(value, row, 1, 1, 2 if alone else 1)
        self._grid.addWidget(hairline, row + 1, 0, 1, 3)
        self._names.append(name)
        self._values.append(value)
        self._lines.append(hairline)

    def _fill(self, place: int, fact: Fact) -> None:
        self._names[place].setText(fact.name)
        self._values[place].setText(breakable(fact.value))
        self._values[place].setAccessibleName(f"{fact.name}: {fact.value}")
        restyle(self._values[place], tone=fact.tone)
