"""What is known of one step: what it does, time against estimate, criteria, what a failure calls for."""

from datetime import UTC, datetime

from PySide6.QtWidgets import QVBoxLayout, QWidget

from backend.contracts.runs import PlannedStep, Step, StepState
from controllers import run_rows
from controllers.marks import of_step
from controllers.rows import RowsModel
from views.theme.theme import Theme
from views.widgets.bar import Bar
from views.widgets.base import GAP_L, GAP_S, column, label, row
from views.widgets.card import Card
from views.widgets.code_block import CodeBlock
from views.widgets.pill import Pill
from views.widgets.row_list import RowList


class StepPanel(QWidget):
    """Shows a `Step` as it is now."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label("", "heading")
        self._state = Pill()
        self._time = label("", "mono-muted")
        self._summary = label("", "muted", wrap=True)
        self._message = label("", wrap=True, tone="bad")
        self._bar = Bar(theme, "Time against the estimate")
        self._criteria = RowsModel(self)
        self._list = RowList(theme, self._criteria, "Success criteria", two_lines=False, picks=False)
        self._none = label("The checks of this step appear here as they are made.", "muted", wrap=True)
        self._on_failure = label("", wrap=True)
        self._causes = label("", "muted", wrap=True)
        self._commands = CodeBlock("the commands of this step", most_lines=3)
        self.setLayout(self._arrange())

    def _arrange(self) -> QVBoxLayout:
        head = Card()
        head.body.addLayout(row(self._title, self._state, None, self._time))
        for widget in (self._summary, self._message, self._bar, self._commands):
            head.body.addWidget(widget)
        criteria = Card("Success criteria")
        criteria.body.addWidget(self._none)
        criteria.body.addWidget(self._list)
        criteria.body.addStretch(1)
        failure = Card("If this step fails")
        failure.body.addLayout(column(self._on_failure, GAP_S, self._causes, None))
        below = row(criteria, failure, gap=GAP_L)
        below.setStretch(0, 64)
        below.setStretch(1, 36)
        return column(head, below, gap=GAP_L)

    def show_planned(self, plan: PlannedStep) -> None:
        """Show a step before anything has been started: no state, no progress."""
        self.show_step(Step(plan=plan), datetime.now(UTC))
        self._state.hide()
        self._bar.hide()
        self._time.setText(f"{self._time.text()} · {plan.estimate_source}")

    def show_step(self, step: Step, now: datetime) -> None:
        """Show `step`."""
        mark = of_step(step.state)
        self._title.setText(step.plan.title)
        self._state.show_state(mark.word, mark.tone if mark.tone != "faint" else "muted")
        self._time.setText(run_rows.time_against_estimate(step, now))
        self._summary.setText(step.plan.summary)
        failed = step.state in (StepState.FAILED, StepState.UNKNOWN)
        self._message.setText(step.message if failed else "")
        self._message.setVisible(failed and bool(step.message))
        self._bar.show_share(run_rows.step_progress(step, now), mark.tone)
        self._commands.show_text("\n".join(step.plan.commands))
        self._commands.setVisible(bool(step.plan.commands))
        self._show_judgement(step)

    def _show_judgement(self, step: Step) -> None:
        rows = run_rows.criteria_rows(step)
        self._criteria.replace(rows)
        self._none.setVisible(not rows)
        self._list.setVisible(bool(rows))
        self._list.fit(6)
        self._on_failure.setText(step.plan.on_failure)
        causes = step.plan.common_causes
        self._causes.setText(f"Common causes: {causes}" if causes else "")
        self._causes.setVisible(bool(causes))
