"""A run whose runner died: what is done, half done and not done, and the two ways on."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from backend.contracts.runs import Recovery, Run
from controllers import run_rows
from controllers.rows import RowsModel
from controllers.wording import local_stamp
from views.theme.theme import Theme
from views.widgets.base import GAP_L, GAP_M, button, column, label, row
from views.widgets.card import Card
from views.widgets.row_list import RowList
from views.widgets.state_icon import StateIcon


class RecoveryPage(QWidget):
    """Shows a Recovery.

    Signals: `continue_asked`, `rollback_asked`.
    """

    continue_asked = Signal()
    rollback_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label("", "title")
        self.summary = label("", wrap=True)
        self._what_now = label(
            "Continue looks at each step again, leaves alone what is done and goes on with the rest. Roll "
            "back takes back what this run did.",
            "muted",
            wrap=True,
        )
        self.continue_button = button("Continue", "primary", name="recovery-continue")
        self.rollback_button = button("Roll back…", "danger", name="recovery-roll-back")
        self.continue_button.clicked.connect(self.continue_asked)
        self.rollback_button.clicked.connect(self.rollback_asked)
        self.steps = RowsModel(self)
        self._list = RowList(theme, self.steps, "What was found of each step", picks=False)
        head = Card()
        texts = column(self.title, self.summary, self._what_now, gap=GAP_M)
        icon = StateIcon(theme, "triangle-alert", "warn", 30)
        head.body.addLayout(row(column(icon, None), texts, gap=GAP_L))
        head.body.addSpacing(GAP_M)
        head.body.addLayout(row(self.continue_button, self.rollback_button, None))
        found = Card("What is really there")
        found.body.addWidget(self._list)
        layout = column(head, found, gap=GAP_L)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_waiting(self) -> None:
        """The steps are being looked at."""
        self.title.setText("A deployment was interrupted")
        self.summary.setText("Looking at what is done, half done and not done…")
        self.steps.replace([])
        self.set_busy(True)

    def show_recovery(self, recovery: Recovery) -> None:
        """Show what was found."""
        self.title.setText(f"{run_rows.title(recovery.run)} was interrupted")
        self.summary.setText(f"{recovery.summary} {_started(recovery.run)}")
        self.steps.replace(run_rows.recovery_rows(recovery.steps))
        self.set_busy(False)

    def set_busy(self, busy: bool) -> None:
        """Hold the buttons while something is under way."""
        self.continue_button.setEnabled(not busy)
        self.rollback_button.setEnabled(not busy)


def _started(run: Run) -> str:
    return f"It was started by {run.operator}@{run.host} on {local_stamp(run.created_at)}."
