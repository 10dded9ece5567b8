"""What needs a person, most urgent first, each line with the action that helps."""

from PySide6.QtCore import QSignalMapper, Signal, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.stack import StackStatus
from controllers import attention
from controllers.attention import AttentionItem
from controllers.clock import Clock
from controllers.details import finding_details
from controllers.marks import Mark, Shape
from views.theme.theme import Theme
from views.widgets.base import GAP_M, button, clear, column, label, line, row, scrolling
from views.widgets.card import Card
from views.widgets.clipboard import copy
from views.widgets.state_icon import StateIcon

_UNKNOWN = Mark(Shape.UNKNOWN, "warn", "unknown")
_CLEAR = Mark(Shape.TICK, "ok", "all clear")


class AttentionList(Card):
    """Signals: `action_asked` with an id of the action list."""

    action_asked = Signal(str)

    def __init__(self, theme: Theme, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__("Needs attention", parent=parent)
        self._theme, self._clock = theme, clock
        self._items: list[AttentionItem] | None = None
        self._environment = ""
        self._mapper = QSignalMapper(self)
        self._mapper.mappedInt.connect(self._on_pressed)
        self._lines = column(gap=GAP_M)
        content = QWidget()
        content.setLayout(column(self._lines, None))
        self.body.addWidget(scrolling(content), 1)

    def show_status(self, status: StackStatus) -> None:
        """Show the problems of `status`; rebuilt only when they differ."""
        self._environment = status.environment
        items = attention.items(status)
        if items == self._items:
            return
        self._items = items
        clear(self._lines)
        if not items:
            self._lines.addWidget(self._line(_CLEAR, attention.all_clear(status), ""))
        for place, item in enumerate(items):
            if place:
                self._lines.addWidget(line())
            self._lines.addWidget(self._item(place, item))

    def show_unknown(self) -> None:
        """Nothing is known; an old all-clear must not stay."""
        if self._items is not None:
            self._items = None
            clear(self._lines)
            self._lines.addWidget(
                self._line(_UNKNOWN, "Unknown", "Problems are listed once the stack answers.")
            )

    def _item(self, place: int, item: AttentionItem) -> QWidget:
        finding = item.finding
        act = button(item.label, tip=finding.remedy)
        act.setAccessibleName(f"{item.label}: {finding.title}")
        self._mapper.setMapping(act, place)
        act.clicked.connect(self._mapper.map)
        detail = "\n".join(text for text in (finding.evidence, finding.remedy) if text)
        return self._line(item.mark, finding.title, detail, act)

    def _line(self, mark: Mark, title: str, detail: str, act: QWidget | None = None) -> QWidget:
        icon = StateIcon(self._theme, "check", size=15)
        icon.show_mark(mark)
        texts = column(label(title, "strong", wrap=True), gap=2)
        if detail:
            texts.addWidget(label(detail, "muted", wrap=True))
        content = row(column(2, icon, None, gap=0), texts, gap=10)
        content.setStretch(1, 1)
        if act is not None:
            content.addLayout(column(act, None))
        result = QWidget()
        result.setLayout(content)
        return result

    @Slot(int)
    def _on_pressed(self, place: int) -> None:
        if self._items is None or place >= len(self._items):
            return
        item = self._items[place]
        if item.action == attention.COPY:
            copy(finding_details(item.finding, self._environment, self._clock()))
            self.action_asked.emit("toast.copied")
        else:
            self.action_asked.emit(item.action)
