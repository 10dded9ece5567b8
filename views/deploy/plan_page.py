"""Second page: the steps as they will be run, nothing hidden, every command to copy."""

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.runs import Plan, Step, StepState
from controllers import marks
from controllers.rows import Row, RowsModel
from controllers.wording import estimate, plural
from views.run.step_panel import StepPanel
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, label, row, scrolling
from views.widgets.card import Card
from views.widgets.clipboard import copy
from views.widgets.row_list import RowList


class PlanPage(QWidget):
    """Shows a Plan; the step chosen in the list is shown in full."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan: Plan | None = None
        self.warnings = Banner(theme)
        self.warnings.close_button.hide()
        self.warnings.copy_button.hide()
        self._total = label("", "muted")
        self._copy = button("Copy all commands", "link")
        self._copy.clicked.connect(self._copy_all)
        self.steps = RowsModel(self)
        self.list = RowList(theme, self.steps, "Planned steps", stepper=True)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self._panel = StepPanel(theme)
        card = Card()
        card.outer.setContentsMargins(8, 8, 8, 8)
        card.body.addWidget(self.list)
        card.setFixedWidth(292)
        right = QWidget()
        right.setLayout(column(self._panel, None))
        body = row(card, scrolling(right), gap=GAP_L)
        body.setStretch(1, 1)
        layout = column(row(self._total, None, self._copy), self.warnings, body, gap=GAP_L)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    def show_waiting(self) -> None:
        """The plan is being worked out."""
        self._plan = None
        self.steps.replace([])
        self._total.setText("Working out the plan. Nothing is changed…")
        self._panel.hide()
        self._copy.hide()
        self.warnings.hide()

    def show_plan(self, plan: Plan) -> None:
        """Show `plan`."""
        self._plan = plan
        self._total.setText(_total(plan))
        self.steps.replace([_row(Step(plan=step)) for step in plan.steps])
        self._copy.show()
        self._panel.show()
        if plan.warnings:
            self.warnings.show_note(
                plural(len(plan.warnings), "thing") + " to know before you start", "\n".join(plan.warnings)
            )
        else:
            self.warnings.hide()
        if plan.steps:
            self.list.choose(plan.steps[0].key)
            self._show(0)

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, now: QModelIndex, _before: QModelIndex) -> None:
        self._show(now.row())

    def _show(self, place: int) -> None:
        if self._plan is not None and 0 <= place < len(self._plan.steps):
            self._panel.show_planned(self._plan.steps[place])

    @Slot()
    def _copy_all(self) -> None:
        if self._plan is not None:
            copy("\n".join(command for step in self._plan.steps for command in step.commands))


def _row(step: Step) -> Row:
    plan = step.plan
    if plan.skipped:
        mark = marks.of_step(StepState.SKIPPED)
        return Row(plan.key, mark, plan.title, f"Skipped · {plan.skip_reason}")
    subtitle = f"est. {estimate(plan.estimate_seconds)} · {plan.estimate_source}"
    return Row(plan.key, marks.of_step(step.state), plan.title, subtitle, number=plan.number)


def _total(plan: Plan) -> str:
    wanted = [step for step in plan.steps if not step.skipped]
    low = sum(step.estimate_seconds[0] for step in wanted)
    high = sum(step.estimate_seconds[1] for step in wanted)
    release = f"Release {plan.release}" if plan.release else "The release"
    return (
        f"{release} to {plan.environment} in {plural(len(wanted), 'step')}, {estimate((low, high))} in all. "
        "This preview changes nothing."
    )
