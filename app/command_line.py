"""The entry of window and command line. Loads only what is wanted, so that the window is there soon."""

import sys
from collections.abc import Sequence

from app.endings import ReaderGoneError, end_quietly, stopped_by_operator, unforeseen
from backend.contracts.errors import OperatorError
from backend.home import Home

_PIPELINE, _RUNNER = "ci-deploy", "runner"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, or without words open the console; the exit code.

    With --json the last line is always the event `end` with the exit code; `ci-deploy` has lines of its own.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        code = _attempt(words, as_json=as_json)
        if as_json and words[0] != _PIPELINE:
            _close(code)
    except ReaderGoneError:
        return end_quietly()
    return code


def open_console() -> int:
    """Open the console."""
    from app.deferred import DeferredPorts  # noqa: PLC0415 - Qt is loaded only when a window is wanted
    from app.desktop import start_desktop  # noqa: PLC0415
    from app.settings_port import make_settings  # noqa: PLC0415

    home = Home.from_process_environment()
    return start_desktop(DeferredPorts(home).ports(make_settings(home)))


def _attempt(words: Sequence[str], *, as_json: bool) -> int:
    try:
        return _run_command(words) if words else open_console()
    except ReaderGoneError:
        raise
    except OperatorError as error:
        return _tell(error, as_json=as_json)
    except KeyboardInterrupt:
        return _tell(stopped_by_operator(), as_json=as_json)
    except Exception as error:
        if words[:1] == [_RUNNER]:
            raise  # its standard error is the run's runner.log, where the traceback belongs
        return _tell(unforeseen(error), as_json=as_json)


def _run_command(words: Sequence[str]) -> int:
    from app.command_table import run_command  # noqa: PLC0415 - the window does without a parser

    return run_command(words)


def _tell(error: OperatorError, *, as_json: bool) -> int:
    from app.terminal import Terminal  # noqa: PLC0415 - loaded only when there is something to tell

    Terminal(as_json=as_json).error(error)
    return error.exit_code


def _close(code: int) -> None:
    from app.terminal import Terminal  # noqa: PLC0415

    Terminal(as_json=True).event("end", exit_code=code)
