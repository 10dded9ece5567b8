"""Importing a file of tracks: first checked, then queued."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from controllers.operations import Background, Operation
from controllers.ports import TracksPort


class TrackImportController(QObject):
    """Signals: `checked` and `imported` with an ImportReport; `failed` with an OperatorError; `started` and
    `ended` around the work.
    """

    checked = Signal(object)
    imported = Signal(object)
    failed = Signal(object)
    started = Signal()
    ended = Signal()

    def __init__(self, port: TracksPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port = port
        self._environment = ""
        self._check = Operation(background, self)
        self._import = Operation(background, self)
        self._check.succeeded.connect(self.checked)
        self._import.succeeded.connect(self.imported)
        for operation in (self._check, self._import):
            operation.started.connect(self.started)
            operation.failed.connect(self.failed)
            operation.finished.connect(self.ended)

    def set_environment(self, environment: str) -> None:
        """Turn to another environment. An import that was begun goes on; its outcome is not shown here."""
        self._check.cancel()
        self._import.cancel()
        self._environment = environment

    def check(self, path: str) -> None:
        """Read the file and say what would be queued."""
        self._check.run(partial(self._port.check_import, path))

    def import_file(self, path: str) -> None:
        """Queue the good rows."""
        if self._environment:
            self._import.run(partial(self._port.import_file, self._environment, path))
