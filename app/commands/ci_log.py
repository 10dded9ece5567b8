"""The lines of `ci-deploy`: every one with level, message, timestamp, deployment_id, environment and data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from app.endings import ReaderGoneError
from app.terminal import Terminal, write_json
from backend.contracts.errors import OperatorError

_LEVELS = {"failed": "error", "rollback failed": "error", "warning": "warn", "unknown": "warn"}
"""Of states of runs, steps and criteria; any other is `info`."""


class CiLog:
    """Writes one JSON line an event. A pipeline that stops reading does not stop the deployment."""

    def __init__(self, deployment_id: str, environment: str) -> None:
        self._constant = {"deployment_id": deployment_id, "environment": environment}

    def write(self, level: str, message: str, /, **data: Any) -> None:
        """Print one line."""
        line = {"level": level, "message": message, "timestamp": datetime.now(UTC).isoformat()}
        with suppress(ReaderGoneError):
            write_json({**line, **self._constant, "data": data})

    @contextmanager
    def warns_only(self, what: str) -> Iterator[None]:
        """For work after the outcome is known: its failure is a `warn` line and changes nothing."""
        try:
            yield
        except OperatorError as error:
            self.write("warn", f"{what}: {error.message}", remedy=error.remedy)
        except OSError as error:
            self.write("warn", f"{what}: {error.strerror or error}", file=error.filename)
        except Exception as error:  # noqa: BLE001 - whatever it is, the deployment went as it went
            self.write("warn", f"{what}: {type(error).__name__}")  # its text might hold an address


class CiTerminal(Terminal):
    """Takes the follower's events as lines of the log."""

    def __init__(self, log: CiLog) -> None:
        super().__init__(as_json=True)
        self._log = log

    def event(self, name: str, /, **values: Any) -> None:
        """One line, with the event's values as its data."""
        level = _LEVELS.get(str(values.get("state")), "info")
        self._log.write(level, _words(name, values), event=name, **values)


def _words(name: str, values: Mapping[str, Any]) -> str:
    if name == "output":
        return f"{values['source']}: {values['text']}"
    subject = f"{name} {values['key']}" if "key" in values else name
    return f"{subject} {values.get('state', '')}".rstrip()
