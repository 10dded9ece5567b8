"""A run that is at work or was interrupted, seen from the overview."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from backend.contracts.runs import Run, RunState
from controllers import marks, run_rows
from controllers.wording import local_time
from views.theme.theme import Theme
from views.widgets.base import button, column, label, row
from views.widgets.card import Card
from views.widgets.state_icon import StateIcon


class RunCard(Card):
    """Hidden while no run is unfinished.

    Signals: `open_asked` with the run; `continue_asked`; `rollback_asked`.
    """

    open_asked = Signal(object)
    continue_asked = Signal()
    rollback_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._run: Run | None = None
        self._icon = StateIcon(theme, "triangle-alert", "warn", 20)
        self.title = label("", "strong")
        self._detail = label("", "muted", wrap=True)
        self.open_button = button("Show", name="run-card-open")
        self.continue_button = button("Continue", "primary", name="run-card-continue")
        self.rollback_button = button("Roll back…", "danger", name="run-card-roll-back")
        self.open_button.clicked.connect(self._on_open)
        self.continue_button.clicked.connect(self.continue_asked)
        self.rollback_button.clicked.connect(self.rollback_asked)
        texts = column(self.title, self._detail, gap=2)
        content = row(self._icon, texts, self.open_button, self.continue_button, self.rollback_button, gap=12)
        content.setStretch(1, 1)
        self.body.addLayout(content)
        self.hide()

    def show_run(self, run: Run | None) -> None:
        """Show the unfinished run, or nothing."""
        self._run = run
        self.setVisible(run is not None)
        if run is None:
            return
        interrupted = run.state is RunState.INTERRUPTED
        self._icon.show_mark(marks.of_run(run.state))
        self.title.setText(f"{run_rows.title(run)}: {run_rows.headline(run)[0].lower()}")
        who = f"Started by {run.operator}@{run.host} at {local_time(run.created_at, '%H:%M')}."
        if interrupted:
            who += " Its runner ended before the run did. Nothing goes on until you decide."
        self._detail.setText(who)
        self.open_button.setText("What is there…" if interrupted else "Show")
        self.continue_button.setVisible(interrupted)
        self.rollback_button.setVisible(interrupted)

    @Slot()
    def _on_open(self) -> None:
        if self._run is not None:
            self.open_asked.emit(self._run)
