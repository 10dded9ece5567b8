"""Imports a heavy module on the background thread, so that the window never waits for it."""

import importlib
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from controllers.operations import Background, Operation


class Preload(QObject):
    """One module.

    Signals: `ready` once it is imported; `failed` with an OperatorError when it cannot be.
    """

    ready = Signal()
    failed = Signal(object)

    def __init__(self, background: Background, module: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._module = module
        self.is_ready = False
        self._importing = Operation(background, self)
        self._importing.succeeded.connect(self._on_imported)
        self._importing.failed.connect(self.failed)

    def request(self) -> None:
        """Import the module unless it is there; `ready` tells."""
        if not self.is_ready:
            self._importing.run_if_idle(partial(importlib.import_module, self._module))

    @Slot(object)
    def _on_imported(self, _module: object) -> None:
        self.is_ready = True
        self.ready.emit()
