"""Last page: the outcome in a sentence, what it was found by, and what to do next."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.runs import CriterionState, Run, RunState, StepState
from controllers import marks, run_rows
from controllers.details import run_details
from controllers.rows import Row, RowsModel
from controllers.wording import local_stamp, sentence, span
from views.theme.theme import Theme
from views.widgets.base import GAP_L, GAP_M, button, column, label, row, selectable
from views.widgets.card import Card
from views.widgets.clipboard import copy
from views.widgets.row_list import RowList
from views.widgets.state_icon import StateIcon

_NEEDS_ROLLBACK = (RunState.FAILED, RunState.ROLLBACK_FAILED, RunState.STOPPED, RunState.INCONCLUSIVE)
_OUTCOMES = {
    RunState.SUCCEEDED: "The deployment succeeded",
    RunState.FAILED: "The deployment failed",
    RunState.ROLLED_BACK: "The deployment failed and was rolled back",
    RunState.ROLLBACK_FAILED: "The deployment failed, and so did its rollback",
    RunState.REFUSED: "The deployment was refused before anything changed",
    RunState.LOCKED: "Somebody else is at work here",
    RunState.STOPPED: "The deployment was stopped",
    RunState.INCONCLUSIVE: "The deployment ended without a clear verdict",
    RunState.SUPERSEDED: "A rollback took this deployment over",
}


class ResultPage(QWidget):
    """Shows a finished run.

    Signals: `end_to_end_asked`, `rollback_asked`, `again_asked`, `steps_asked`; `active_asked` wants the run
    of somebody else that is at work.
    """

    end_to_end_asked = Signal()
    rollback_asked = Signal()
    again_asked = Signal()
    steps_asked = Signal()
    active_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self._icon = StateIcon(theme, "check", "ok", 34)
        self.outcome = label("", "title")
        self._message = label("", wrap=True)
        self._facts = selectable("", "muted")
        self.test_button = button("Run the end-to-end test", "primary", name="result-end-to-end")
        self.rollback_button = button("Roll back…", "danger", name="result-roll-back")
        self.active_button = button("Show the run at work", "primary", name="result-active")
        self.again_button = button("New deployment", name="result-again")
        self.steps_button = button("Show steps and output", name="result-steps")
        self._copy = button("Copy details", "link")
        self.steps = RowsModel(self)
        self._list = RowList(theme, self.steps, "Steps of the run", picks=False)
        self._list_card = Card("Steps")
        self._list_card.body.addWidget(self._list)
        self._arrange()
        self._wire()

    def _arrange(self) -> None:
        head = Card()
        texts = column(self.outcome, self._message, self._facts, gap=GAP_M)
        head.body.addLayout(row(column(self._icon, None), texts, gap=GAP_L))
        head.body.addSpacing(GAP_M)
        buttons = (
            self.test_button,
            self.active_button,
            self.rollback_button,
            self.again_button,
            self.steps_button,
            None,
            self._copy,
        )
        head.body.addLayout(row(*buttons))
        layout = column(head, self._list_card, gap=GAP_L)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def _wire(self) -> None:
        self.test_button.clicked.connect(self.end_to_end_asked)
        self.rollback_button.clicked.connect(self.rollback_asked)
        self.active_button.clicked.connect(self.active_asked)
        self.again_button.clicked.connect(self.again_asked)
        self.steps_button.clicked.connect(self.steps_asked)
        self._copy.clicked.connect(self._on_copy)

    def show_run(self, run: Run) -> None:
        """Show how `run` ended."""
        self._run = run
        mark = marks.of_run(run.state)
        self._icon.show_mark(mark)
        self.outcome.setText(_OUTCOMES.get(run.state, mark.word.capitalize()))
        self._message.setText(sentence(run.message))
        self._message.setVisible(bool(run.message))
        self._facts.setText(_facts(run))
        succeeded = run.state is RunState.SUCCEEDED
        self.test_button.setVisible(succeeded)
        self.rollback_button.setVisible(succeeded or run.state in _NEEDS_ROLLBACK)
        self.active_button.setVisible(run.state is RunState.LOCKED)
        self.steps_button.setVisible(bool(run.steps))
        self.steps.replace(_step_rows(run))

    def text(self) -> str:
        """Outcome and message as they are read."""
        return f"{self.outcome.text()}\n{self._message.text()}"

    @Slot()
    def _on_copy(self) -> None:
        if self._run is not None:
            copy(run_details(self._run))


def _facts(run: Run) -> str:
    parts = [f"Run {run.id}", f"started {local_stamp(run.created_at)}"]
    if run.finished_at is not None:
        parts.append(f"took {span((run.finished_at - run.created_at).total_seconds())}")
    if run.release_before or run.release_after:
        parts.append(f"release {run.release_before or 'none'} → {run.release_after or 'unchanged'}")
    return " · ".join(parts)


def _step_rows(run: Run) -> list[Row]:
    """The steps, each failed one followed by the criteria that were not met."""
    rows: list[Row] = []
    for step, line in zip(run.steps, run_rows.step_rows(run, run.finished_at or run.created_at), strict=True):
        rows.append(line)
        if step.state is StepState.FAILED:
            failed = [each for each in step.criteria if each.state is CriterionState.FAILED]
            rows += [
                Row(each.key, marks.of_criterion(each.state), each.text, f"Not met · {each.evidence}")
                for each in failed
            ]
    return rows
