"""What supervisord's log tells of exits that nobody asked for."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from backend.targets.supervisor_files import LOG_BACKUPS

_STARTED = re.compile(r"INFO supervisord started with pid")
_STOPPED = re.compile(r"stopped: (\S+) \(")
_EXITED = re.compile(r"exited: (\S+) \(")


def unexpected_exits(log: Path, since: Mapping[str, datetime]) -> Counter[str]:
    """How often each program ended by itself, so that supervisord started it again.

    Counted from the latest start of supervisord, from the program's last stop that was asked for (which
    supervisord logs as `stopped`, not `exited`), and from the moment in `since` if the program has one.
    """
    begins = {name: _stamp(moment) for name, moment in since.items()}
    found: Counter[str] = Counter()
    for line in _lines_of_this_start(log):
        if stopped := _STOPPED.search(line):
            found.pop(stopped[1], None)
        elif (exited := _EXITED.search(line)) and line[:19] >= begins.get(exited[1], ""):
            found[exited[1]] += 1
    return found


def _lines_of_this_start(log: Path) -> list[str]:
    lines: list[str] = []
    for file in (log, *(log.with_name(f"{log.name}.{n}") for n in range(1, LOG_BACKUPS + 1))):
        if not file.exists():
            break
        lines = file.read_text(errors="replace").splitlines() + lines
        starts = [number for number, line in enumerate(lines) if _STARTED.search(line)]
        if starts:
            return lines[starts[-1] :]
    return lines


def _stamp(moment: datetime) -> str:
    """As supervisord writes it: the local time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
