"""The controller of the tracks screen: find stored tracks, look closely at one, ask the sources now."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.environment import Environment
from backend.contracts.inspection import InspectRequest, StoredTrack, TrackInspection
from controllers.clock import Clock
from controllers.operations import Background, Operation
from controllers.ports import TracksPort
from controllers.replays import ReplaysController
from controllers.track_import import TrackImportController

MOST_TRACKS = 200
_PAUSE_MS = 200
"""Typing is over when no key came for this long."""


class TracksController(QObject):
    """Signals: `found` with the stored tracks; `inspected` with a TrackInspection; `failed` and
    `search_failed` with an OperatorError; `busy_changed` while the sources or the database are asked;
    `cleared` when the environment changed, or whether it has a stack: nothing shown before counts any more.
    """

    found = Signal(object)
    inspected = Signal(object)
    failed = Signal(object)
    search_failed = Signal(object)
    busy_changed = Signal(bool)
    cleared = Signal()

    def __init__(
        self, port: TracksPort, background: Background, clock: Clock, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._port = port
        self.clock = clock
        self.environment: Environment | None = None
        self.deployed = True
        self.tracks: Sequence[StoredTrack] = ()
        self.inspection: TrackInspection | None = None
        self.imports = TrackImportController(port, background, self)
        self.replays = ReplaysController(port, background, self)
        self._text = ""
        self._search = Operation(background, self)
        self._look = Operation(background, self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._wire()

    def _wire(self) -> None:
        self._pause.timeout.connect(self.refresh)
        self._search.succeeded.connect(self._on_found)
        self._search.failed.connect(self.search_failed)
        self._look.started.connect(self._on_started)
        self._look.succeeded.connect(self._on_inspected)
        self._look.failed.connect(self.failed)
        self._look.finished.connect(self._on_ended)
        self.imports.imported.connect(self._on_imported)

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment."""
        self._search.cancel()
        self._look.cancel()
        self._pause.stop()
        self.environment, self.deployed = environment, True
        self._clear()
        self.imports.set_environment(environment.name)
        self.replays.set_environment(environment.name)
        self.busy_changed.emit(False)
        self.cleared.emit()

    def set_deployed(self, *, deployed: bool) -> None:
        """Ask nothing where nothing is deployed: nobody could answer."""
        if deployed != self.deployed:
            self.deployed = deployed
            self._clear()
            self.cleared.emit()

    def search(self, text: str) -> None:
        """Find tracks by `text`, once typing has paused."""
        self._text = text.strip()
        self._pause.start()

    @Slot()
    def refresh(self) -> None:
        """Find again by the text given last."""
        if self.environment is not None and self.deployed:
            self._search.run(partial(self._port.tracks, self.environment.name, self._text, MOST_TRACKS))

    def open(self, track_id: str) -> None:
        """Look closely at a stored track."""
        if self.environment is not None:
            self._look.run(partial(self._port.inspection, self.environment.name, track_id))

    def ask(self, request: InspectRequest) -> None:
        """Ask the sources now. Nothing is written to Gold."""
        if self.environment is not None:
            self._look.run(partial(self._port.inspect, self.environment.name, request))

    def stop(self) -> None:
        """Ask nothing more."""
        self._pause.stop()
        self.replays.watch(shown=False)

    def _clear(self) -> None:
        self._search.cancel()
        self.tracks, self.inspection = (), None

    @Slot(object)
    def _on_found(self, tracks: Sequence[StoredTrack]) -> None:
        self.tracks = tracks
        self.found.emit(tracks)

    @Slot(object)
    def _on_inspected(self, inspection: TrackInspection) -> None:
        self.inspection = inspection
        self.inspected.emit(inspection)

    @Slot()
    def _on_started(self) -> None:
        self.busy_changed.emit(True)

    @Slot()
    def _on_ended(self) -> None:
        self.busy_changed.emit(False)

    @Slot(object)
    def _on_imported(self, _report: object) -> None:
        self.refresh()
