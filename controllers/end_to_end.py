"""The end-to-end test's controller: one track through the three layers."""

import json
import shlex
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import ENRICHMENT, Environment
from controllers.operations import Background, Operation
from controllers.ports import StackPort

DEFAULT_REQUEST = EnrichRequest(track_id="test-e2e-001", artist_name="Deadmau5", track_title="Strobe")
"""The playbook's manual end-to-end test."""


class EndToEndController(QObject):
    """Runs the playbook's test.

    Signals: `finished` with an EndToEndResult; `failed` with an OperatorError; `busy_changed` with a flag.
    """

    finished = Signal(object)
    failed = Signal(object)
    started = Signal()
    ended = Signal()

    def __init__(self, stack: StackPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self.environment: Environment | None = None
        self._operation = Operation(background, self)
        self._operation.started.connect(self.started)
        self._operation.succeeded.connect(self.finished)
        self._operation.failed.connect(self.failed)
        self._operation.finished.connect(self.ended)

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment."""
        self._operation.cancel()
        self.environment = environment
        self.ended.emit()

    def run(self, request: EnrichRequest) -> None:
        """Send the request and read the layers back."""
        if self.environment is not None:
            self._operation.run(partial(self._stack.end_to_end, self.environment.name, request))


def curl_command(environment: Environment, request: EnrichRequest) -> str:
    """The same call as the playbook types it."""
    body = {
        "track_id": request.track_id,
        "artist_name": request.artist_name,
        "track_title": request.track_title,
    }
    host = "localhost" if environment.host == "127.0.0.1" else environment.host
    return (
        f"curl -X POST http://{host}:{environment.port(ENRICHMENT)}/enrich "
        f'-H "Content-Type: application/json" -d {shlex.quote(json.dumps(body, ensure_ascii=False))}'
    )


def pretty(value: Any) -> str:
    """JSON as it is shown: indented, in the order received."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
