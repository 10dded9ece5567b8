"""The middle of the editor: the ordered sources of one field, the controls of the one in focus, policies."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from controllers.waterfall import WaterfallController
from controllers.waterfall_words import RULES, restricted_words
from views.theme.theme import Theme
from views.waterfall.policies import Policies
from views.waterfall.step_bar import StepBar
from views.waterfall.step_layout import ROW_HEIGHT
from views.waterfall.step_list import StepList
from views.widgets.base import button, frame, label, row
from views.widgets.card import Card
from views.widgets.elided import ElidedLabel

_NARROW = 440
_AROUND = 330
"""Height of everything but the list."""
_FIRST = 100
"""The list takes the height before anything else does, up to that of its rows."""


class SourcesCard(Card):
    """Signals: `addition_asked`, `copy_asked` and `place_asked` open the dialogues of these."""

    addition_asked = Signal()
    copy_asked = Signal()
    place_asked = Signal()

    def __init__(self, theme: Theme, controller: WaterfallController, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._controller = controller
        self.title = ElidedLabel("", "caption")
        self.hint = label("drag, or Alt ↑ ↓", "faint")
        self.list = StepList(theme, controller.steps)
        self.bar = StepBar(theme)
        self.add_button = button("Add source…", name="waterfall-add")
        self.copy_button = button("Copy order to other fields…", "link", name="waterfall-copy-order")
        self.policies = Policies()
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        head = row(self.title, self.hint, gap=10)
        head.setStretch(0, 1)
        self.body.setSpacing(9)
        self.body.addLayout(head)
        self.body.addWidget(self.list, _FIRST)
        self.body.addWidget(self.bar)
        self.body.addLayout(row(self.add_button, self.copy_button, None))
        self.body.addWidget(frame("line"))
        self.body.addWidget(self.policies)
        self.body.addStretch(1)

    def _wire(self) -> None:
        editor, steps = self._controller.editor, self._controller.steps
        self.list.chosen.connect(self._show_step)
        self.list.toggled.connect(editor.toggle)
        self.list.threshold_set.connect(editor.set_threshold)
        self.list.removal_asked.connect(editor.remove)
        self.list.number_asked.connect(self.bar.focus_number)
        self.list.addition_asked.connect(self.addition_asked)
        self.list.hovered.connect(self._controller.hover)
        self.list.hover_ended.connect(self._controller.end_hover)
        steps.dataChanged.connect(self._show_step)
        steps.modelReset.connect(self._show_step)
        steps.rowsMoved.connect(self._show_step)
        self.bar.toggled.connect(self._toggle)
        self.bar.threshold_set.connect(self._set_threshold)
        self.bar.reliability_set.connect(self._set_reliability)
        self.bar.up_asked.connect(self.list.move_up)
        self.bar.down_asked.connect(self.list.move_down)
        self.bar.place_asked.connect(self.place_asked)
        self.bar.removal_asked.connect(self._remove)
        self.add_button.clicked.connect(self.addition_asked)
        self.copy_button.clicked.connect(self.copy_asked)
        self.policies.changed.connect(self._on_policies)

    @Slot()
    def show_field(self) -> None:
        """Show the field that is looked at, as the draft has it."""
        field = self._controller.editor.field
        if field is not None:
            self.title.setText(f"{field.field} · {RULES[field.on_disagreement]}")
            self.policies.show_field(field)
            self.list.setAccessibleName(f"Sources of {field.field}, in order")
        self._fit()

    @Slot()
    def _show_step(self) -> None:
        step = self.list.current()
        note = ""
        if step is not None:
            pair = (step.provider, self._controller.editor.selection)
            note = step.dead or step.advice or restricted_words(self._controller.capabilities.get(pair))
        self.bar.show_step(step, note)

    def _fit(self) -> None:
        """Lower rows where not all of them would fit."""
        room = self.height() - _AROUND
        self.list.set_low(low=self._controller.steps.rowCount() * ROW_HEIGHT > room)
        self.list.setMaximumHeight(self.list.wanted_height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the hint out where it is narrow."""
        super().resizeEvent(event)
        self.hint.setVisible(event.size().width() >= _NARROW)
        self._fit()

    @Slot()
    def _toggle(self) -> None:
        step = self.list.current()
        if step is not None:
            self._controller.editor.toggle(step.provider)

    @Slot(float)
    def _set_threshold(self, value: float) -> None:
        step = self.list.current()
        if step is not None:
            self._controller.editor.set_threshold(step.provider, value)

    @Slot(float)
    def _set_reliability(self, value: float) -> None:
        step = self.list.current()
        if step is not None:
            self._controller.editor.set_reliability(step.provider, value)

    @Slot()
    def _remove(self) -> None:
        step = self.list.current()
        if step is not None:
            self._controller.editor.remove(step.provider)

    @Slot()
    def _on_policies(self) -> None:
        unavailable, disagreement, days, required = self.policies.chosen()
        self._controller.editor.set_policies(unavailable, disagreement, days, required=required)
