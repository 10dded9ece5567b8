"""Putting a draft in force as the next version."""

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.errors import OperatorError
from backend.contracts.waterfall import WaterfallChange, WaterfallConfiguration, WaterfallConflictError
from controllers.operations import Background, Operation
from controllers.ports import WaterfallPort
from controllers.waterfall_edits import Draft


class WaterfallApply(QObject):
    """One version at a time.

    Signals: `busy_changed`; `applied` with the configuration now in force; `conflict` with the one that came
    first; `failed` with an OperatorError.
    """

    busy_changed = Signal(bool)
    applied = Signal(object)
    conflict = Signal(object)
    failed = Signal(object)

    def __init__(
        self, waterfall: WaterfallPort, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._waterfall = waterfall
        self._environment = ""
        self.operator = ""
        """Who is at the console, as `user@host`; empty until the port has told."""
        self._applying = Operation(background, self)
        self._applying.started.connect(self._on_started)
        self._applying.succeeded.connect(self._on_applied)
        self._applying.failed.connect(self._on_failed)

    @property
    def busy(self) -> bool:
        """Whether a version is on its way."""
        return self._applying.busy

    def set_environment(self, environment: str) -> None:
        """Turn to another environment. A version on its way is applied; nobody hears of it here."""
        self._environment = environment
        self._applying.cancel()
        self.busy_changed.emit(False)

    def apply(self, draft: Draft, comment: str) -> None:
        """Make `draft` the next version."""
        if self._applying.busy:
            return
        change = WaterfallChange(
            base_version=draft.base.version,
            author=self.operator or "unknown",
            comment=comment,
            fields=list(draft.fields),
        )
        self._applying.run(partial(self._waterfall.apply, self._environment, change))

    @Slot()
    def _on_started(self) -> None:
        self.busy_changed.emit(True)

    @Slot(object)
    def _on_applied(self, configuration: WaterfallConfiguration) -> None:
        self.busy_changed.emit(False)
        self.applied.emit(configuration)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.busy_changed.emit(False)
        if isinstance(error, WaterfallConflictError):
            self.conflict.emit(error.in_force)
        else:
            self.failed.emit(error)
