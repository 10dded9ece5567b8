"""What a draft would change: asked a moment after the last edit, and only the newest answer counts."""

from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.errors import OperatorError
from backend.contracts.replay import PreviewRequest, ReplayComparison
from controllers.operations import Background, Operation
from controllers.ports import WaterfallPort
from controllers.waterfall_edits import Draft

PAUSE_MS = 150
"""After the last edit."""
TRACKS = 5000
DIFFERENCES = 500


@dataclass(frozen=True)
class Replay:
    """The newest comparison, and whether it is one of what is on the screen."""

    comparison: ReplayComparison | None = None
    field: str = ""
    """The field whose differing values it lists."""
    current: bool = False
    """Whether it is one of the draft as it is now."""
    busy: bool = False
    error: OperatorError | None = None
    """Why there is no newer one."""


class WaterfallPreview(QObject):
    """Signals: `changed` with a Replay."""

    changed = Signal(object)

    def __init__(
        self, waterfall: WaterfallPort, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._waterfall = waterfall
        self._editor = uuid4().hex
        self._environment = ""
        self._shown = False
        self._wanted: tuple[Draft, str] | None = None
        self._asked: tuple[Draft, str] | None = None
        self.replay = Replay()
        self._asking = Operation(background, self)
        self._asking.succeeded.connect(self._on_compared)
        self._asking.failed.connect(self._on_failed)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.ask_now)

    def set_environment(self, environment: str) -> None:
        """Turn to another environment; what was compared is forgotten."""
        self._environment = environment
        self._asking.cancel()
        self._pause.stop()
        self._wanted = self._asked = None
        self._show(Replay())

    def set_shown(self, shown: bool) -> None:
        """Ask only while the screen can be seen."""
        self._shown = shown
        if shown and self._wanted is not None and not self.replay.current:
            self._pause.start()

    def want(self, draft: Draft, field: str) -> None:
        """Compare `draft` with its base, listing the values of `field`: soon, or now for the first time."""
        if (draft, field) == self._wanted:
            return
        self._wanted = (draft, field)
        # An answer to an older question must not come while the newer one waits.
        self._asking.cancel()
        self._show(replace(self.replay, current=False, busy=True))
        if self.replay.comparison is None:
            self.ask_now()
        else:
            self._pause.start()

    @Slot()
    def ask_now(self) -> None:
        """Ask at once, for instance again after a failure."""
        self._pause.stop()
        if self._wanted is None or not self._shown:
            return
        self._asked = self._wanted
        draft, field = self._wanted
        request = PreviewRequest(
            fields=list(draft.fields),
            base_version=draft.base.version,
            tracks=TRACKS,
            field=field or None,
            differences=DIFFERENCES,
            editor=self._editor,
        )
        self._show(replace(self.replay, current=False, busy=True, error=None))
        self._asking.run(partial(self._waterfall.preview, self._environment, request))

    @Slot(object)
    def _on_compared(self, comparison: ReplayComparison) -> None:
        field = self._asked[1] if self._asked is not None else ""
        self._show(Replay(comparison, field, current=True))

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self._show(replace(self.replay, busy=False, current=False, error=error))

    def _show(self, replay: Replay) -> None:
        self.replay = replay
        self.changed.emit(replay)
