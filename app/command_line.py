"""The entry of window and command line. Loads only what is wanted, so that the window is there soon."""

import sys
from collections.abc import Sequence

from backend.contracts.errors import OperatorError
from backend.home import Home


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, or without words open the console; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run_command(words) if words else open_console()
    except OperatorError as error:
        _tell(error, as_json="--json" in words)
        return error.exit_code


def open_console() -> int:
    """Open the console."""
    from app.deferred import DeferredPorts  # noqa: PLC0415 - Qt is loaded only when a window is wanted
    from app.desktop import start_desktop  # noqa: PLC0415
    from app.settings_port import make_settings  # noqa: PLC0415

    home = Home.from_process_environment()
    ports = DeferredPorts(home)
    return start_desktop(ports.stack, ports.runs, make_settings(home))


def _run_command(words: Sequence[str]) -> int:
    from app.command_table import run_command  # noqa: PLC0415 - the window does without a parser

    return run_command(words)


def _tell(error: OperatorError, *, as_json: bool) -> None:
    from app.terminal import Terminal  # noqa: PLC0415 - loaded only when there is something to tell

    Terminal(as_json=as_json).error(error)
