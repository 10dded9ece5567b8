"""The tracks screen."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QWidget

from backend.contracts.errors import OperatorError
from backend.contracts.inspection import InspectRequest, StoredTrack, TrackInspection
from controllers.marks import Mark, Shape
from controllers.tracks import MOST_TRACKS, TracksController
from controllers.tracks_rows import track_rows
from controllers.wording import count, joined, local_stamp
from views.theme.theme import Theme
from views.tracks.asking import AskingCard
from views.tracks.import_dialog import ImportDialog
from views.tracks.inspection import InspectionPanel
from views.tracks.replay_dialog import ReplayDialog
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, button, column, holder, row
from views.widgets.empty_state import EmptyState
from views.widgets.list_card import ListCard
from views.widgets.page import PageHead

_NOT_DEPLOYED = Mark(Shape.WAITING, "muted", "nothing deployed")
_NOTHING_OPEN = Mark(Shape.WAITING, "faint", "nothing open")
_FINDER_WIDTH = 300


class TracksView(QWidget):
    """Find a stored track at the left, look at it at the right; or ask the sources for any track now.

    Signals: `action_asked` with an id of the action list.
    """

    action_asked = Signal(str)

    def __init__(self, theme: Theme, controller: TracksController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._controller = theme, controller
        self.head = PageHead("Tracks")
        self.replay_button = button("Resolve again…", name="tracks-replay")
        self.import_button = button("Import file…", name="tracks-import")
        self.banner = Banner(theme)
        self.asking = AskingCard()
        self.filter = QLineEdit()
        self.found = ListCard(theme, "Stored tracks")
        self.panel = InspectionPanel(theme, controller.clock)
        self.empty = EmptyState(theme)
        self.nothing_deployed = EmptyState(theme)
        self._states = QStackedWidget()
        self._right = QStackedWidget()
        self.dialog: ImportDialog | ReplayDialog | None = None
        self._arrange()
        self._wire()
        self._on_cleared()

    def _arrange(self) -> None:
        self.head.add(self.replay_button, self.import_button)
        self.filter.setPlaceholderText("Find…  Ctrl+F")
        self.filter.setAccessibleName("Find stored tracks by artist, title or id")
        self.filter.setClearButtonEnabled(True)
        self.found.body.insertWidget(0, self.filter)
        self.found.setFixedWidth(_FINDER_WIDTH)
        self._right.addWidget(self.empty)
        self._right.addWidget(self.panel)
        right = column(self.asking, self._right, gap=GAP_L)
        right.setStretch(1, 1)
        content = row(self.found, right, gap=GAP_L)
        content.setStretch(1, 1)
        self._full = holder(content)
        self._states.addWidget(self._full)
        self._states.addWidget(self.nothing_deployed)
        self.nothing_deployed.show_state(
            _NOT_DEPLOYED,
            "Nothing is deployed here yet",
            "Tracks are kept by the stack. They appear once it runs and has been asked for some.",
            "Deploy…",
        )
        layout = column(self.head, self.banner, self._states, gap=GAP_L)
        layout.setStretch(2, 1)
        self.setLayout(layout)

    def _wire(self) -> None:
        controller = self._controller
        controller.found.connect(self._on_found)
        controller.inspected.connect(self._on_inspected)
        controller.failed.connect(self._on_failed)
        controller.search_failed.connect(self._on_search_failed)
        controller.busy_changed.connect(self.asking.show_busy)
        controller.cleared.connect(self._on_cleared)
        self.nothing_deployed.pressed.connect(self._on_deploy)
        self.filter.textChanged.connect(controller.search)
        self.found.chosen.connect(controller.open)
        self.asking.asked.connect(self._on_ask)
        self.import_button.clicked.connect(self.ask_import)
        self.replay_button.clicked.connect(self.ask_replay)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.focus_filter)

    def showEvent(self, event: QShowEvent) -> None:
        """Read the newest tracks when somebody looks."""
        super().showEvent(event)
        self._controller.refresh()

    @Slot()
    def focus_filter(self) -> None:
        """Put the keyboard into the search field."""
        self.filter.setFocus()
        self.filter.selectAll()

    def show_stored(self, track_id: str) -> None:
        """Show what is stored of one track."""
        self.filter.setText(track_id)

    @Slot()
    def ask_import(self) -> None:
        """Open the import."""
        self.dialog = ImportDialog(self._theme, self._controller.imports, self.window())
        self.dialog.closed.connect(self._on_dialog_closed)
        self.dialog.ask()

    @Slot()
    def ask_replay(self) -> None:
        """Open the replay runs."""
        controller = self._controller
        self.dialog = ReplayDialog(
            self._theme, controller.replays, controller.inspection, controller.clock, self.window()
        )
        self.dialog.closed.connect(self._on_dialog_closed)
        self.dialog.ask()

    @Slot(object)
    def _on_found(self, tracks: Sequence[StoredTrack]) -> None:
        self.banner.hide()
        text = self.filter.text().strip()
        nothing = f"No stored track contains “{text}”." if text else "No track has been asked for yet."
        rows = track_rows(tracks, self._controller.clock())
        more = len(tracks) >= MOST_TRACKS
        self.found.caption.setText(f"The newest {count(len(tracks))} tracks" if more else "Stored tracks")
        # Opening a track is for the operator to choose: only the very first one opens by itself.
        self.found.show_rows(rows, nothing, first=self._controller.inspection is None)

    @Slot(object)
    def _on_inspected(self, inspection: TrackInspection) -> None:
        self.banner.hide()
        stored = inspection.track_id is not None
        asked = ("asked " if stored else "asked just now, ") + local_stamp(inspection.at)
        name = f"{inspection.artist_name} – {inspection.track_title}"
        self.head.explanation.setText(joined(name, asked, f"waterfall v{inspection.config_version}"))
        if stored:
            self.asking.fill(inspection.artist_name, inspection.track_title)
        else:
            self.found.list.setCurrentIndex(QModelIndex())
        self.panel.show_inspection(inspection)
        self._right.setCurrentWidget(self.panel)

    @Slot(object)
    def _on_ask(self, request: InspectRequest) -> None:
        self.banner.hide()
        self._controller.ask(request)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")

    @Slot(object)
    def _on_search_failed(self, error: OperatorError) -> None:
        self.found.show_rows([], "Stored tracks cannot be read now.", first=False)
        self._on_failed(error)

    @Slot()
    def _on_deploy(self) -> None:
        self.action_asked.emit("deploy.new")

    @Slot()
    def _on_cleared(self) -> None:
        self.banner.hide()
        deployed = self._controller.deployed
        self._states.setCurrentWidget(self._full if deployed else self.nothing_deployed)
        for asking in (self.replay_button, self.import_button):
            asking.setVisible(deployed)
        self.head.explanation.setText("")
        self.found.show_rows([], "No track has been read yet.")
        self.empty.show_state(
            _NOTHING_OPEN,
            "No track is open",
            "Choose a stored track at the left, or type artist and title above to ask the sources now.",
        )
        self._right.setCurrentWidget(self.empty)
        if self.isVisible():
            self._controller.refresh()

    @Slot()
    def _on_dialog_closed(self) -> None:
        self.dialog = None
