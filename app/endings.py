"""How a command ends that cannot end in the usual way: an unforeseen error, Ctrl-C, a reader that went away.

Loads nothing big, because the window's start passes through here too.
"""

import os
import sys
import traceback
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import Home, make_private_folder

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as shells have it."""
READER_GONE = 141
"""Exit code when nobody reads the output any more: 128 and the number of SIGPIPE."""


class ReaderGoneError(Exception):
    """The reader of our output went away, as `head` does."""


def stopped_by_operator() -> OperatorError:
    """What to tell after Ctrl-C."""
    return OperatorError("Stopped by Ctrl-C.", "See what is there now: main.py status", exit_code=INTERRUPTED)


def end_quietly() -> int:
    """Keep the interpreter from complaining about the closed pipe at its end; the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return READER_GONE


def unforeseen(error: Exception) -> OperatorError:
    """One sentence for an error that nobody foresaw; its traceback is kept in a file."""
    kept = _keep_traceback(error)
    where = f"The traceback is in {kept}." if kept else "The traceback could not be kept: no place to write."
    return OperatorError(f"{_cause(error)}.", where, exit_code=ExitCode.FAILED)


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return f"The operating system refused: {error.strerror}{place}"
    first_line = (str(error).splitlines() or [""])[0].rstrip(".")
    return f"Something unforeseen went wrong: {type(error).__name__}: {first_line}".rstrip(": ")


def _keep_traceback(error: Exception) -> Path | None:
    """The file with the traceback; None when the home cannot be written, which is told instead."""
    path = Home.from_process_environment().root / "state" / "last_error.log"
    try:
        make_private_folder(path.parent)
        path.write_text("".join(traceback.format_exception(error)))
    except OSError:
        return None
    return path
