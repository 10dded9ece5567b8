"""Resolving stored tracks again: start a replay run, follow the runs, cancel one."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QLineEdit, QRadioButton, QWidget

from backend.contracts.errors import OperatorError
from backend.contracts.inspection import TrackInspection
from backend.contracts.replay import ReplayRun
from controllers.clock import Clock
from controllers.replays import ACTIVE, ReplaysController
from controllers.tracks_rows import run_rows
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, label, row
from views.widgets.list_card import ListCard
from views.widgets.overlay import Overlay

_EXPLANATION = (
    "Stored answers are walked again under the waterfall that is in force. Nobody is called. What differs is "
    "counted; it is written to Gold only if you ask for that."
)


class ReplayDialog(Overlay):
    """Starts runs over all tracks, or over the one that is inspected."""

    def __init__(
        self,
        theme: Theme,
        controller: ReplaysController,
        inspected: TrackInspection | None,
        clock: Clock,
        parent: QWidget,
    ) -> None:
        super().__init__(parent, width=760)
        self._controller, self._clock = controller, clock
        self._track = inspected.track_id if inspected is not None else None
        self.banner = Banner(theme)
        self.every = QRadioButton("Every track with stored answers")
        self.one = QRadioButton(
            f"Only {inspected.artist_name} – {inspected.track_title}"
            if inspected is not None and self._track
            else "Only the inspected track (none is open)"
        )
        self.promote = QCheckBox("Write what differs to Gold")
        self.reason = QLineEdit()
        self.runs = ListCard(theme, "Runs")
        self.start_button = button("Start", "primary", name="replay-start")
        self.stop_button = button("Cancel run", name="replay-stop")
        self.close_button = button("Close", name="replay-close")
        self._arrange()
        self._wire()
        self._on_changed(controller.runs)
        self._allow()

    def _arrange(self) -> None:
        self.reason.setPlaceholderText("Reason, kept with the run")
        self.reason.setAccessibleName("Reason for the replay")
        self.reason.setMaxLength(300)
        self.every.setChecked(True)
        self.one.setEnabled(self._track is not None)
        self.body.addWidget(label("Resolve stored tracks again", "heading"))
        self.body.addWidget(label(_EXPLANATION, "muted", wrap=True))
        self.body.addWidget(self.banner)
        self.body.addLayout(column(self.every, self.one, self.promote, gap=6))
        reason = row(self.reason, self.start_button, gap=GAP_L)
        reason.setStretch(0, 1)
        self.body.addLayout(reason)
        self.runs.setMinimumHeight(240)
        self.body.addWidget(self.runs)
        self.body.addLayout(row(self.stop_button, None, self.close_button))

    def _wire(self) -> None:
        self.reason.textChanged.connect(self._allow)
        self.reason.returnPressed.connect(self._on_start)
        self.start_button.clicked.connect(self._on_start)
        self.stop_button.clicked.connect(self._on_stop)
        self.close_button.clicked.connect(self.close_overlay)
        self.runs.chosen.connect(self._allow)
        self._controller.changed.connect(self._on_changed)
        self._controller.started.connect(self._on_started)
        self._controller.failed.connect(self._on_failed)
        self.closed.connect(self._on_closed)

    def ask(self) -> None:
        """Open it and follow the runs."""
        self._controller.watch(shown=True)
        self.open(self.reason)

    @Slot()
    def _allow(self) -> None:
        given = bool(self.reason.text().strip())
        self.start_button.setEnabled(given)
        self.start_button.setToolTip("" if given else "Give a reason first.")
        chosen = self.runs.list.chosen()
        at_work = any(run.id == chosen and run.status in ACTIVE for run in self._controller.runs)
        self.stop_button.setEnabled(at_work)
        self.stop_button.setToolTip("" if at_work else "Choose a run that is queued or running.")

    @Slot()
    def _on_start(self) -> None:
        reason = self.reason.text().strip()
        if not reason:
            return
        self.banner.hide()
        ids = [self._track] if self.one.isChecked() and self._track is not None else None
        self._controller.start(track_ids=ids, promote=self.promote.isChecked(), reason=reason)

    @Slot()
    def _on_stop(self) -> None:
        self._controller.cancel(self.runs.list.chosen())

    @Slot(object)
    def _on_changed(self, runs: Sequence[ReplayRun]) -> None:
        self.runs.show_rows(run_rows(runs, self._clock()), "No replay has been run here yet.")
        self._allow()

    @Slot(object)
    def _on_started(self, run: ReplayRun) -> None:
        self.reason.clear()
        self.promote.setChecked(False)
        self.runs.list.choose(run.id)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.banner.show_error(error)

    @Slot()
    def _on_closed(self) -> None:
        self._controller.watch(shown=False)
        self.deleteLater()
