"""What Linux tells of processes in /proc: who they are, whose children, and where they listen."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_PROC = Path("/proc")
_LISTENING = "0A"


@dataclass(frozen=True)
class Process:
    """One process. The start tells it from a later one with the same id."""

    process_id: int
    parent: int
    state: str
    start_ticks: int
    """Clock ticks from the boot of the machine to its start."""

    def started_at(self) -> datetime:
        """When it was started."""
        boot = next(int(x.split()[1]) for x in (_PROC / "stat").read_text().splitlines() if "btime" in x)
        return datetime.fromtimestamp(boot + self.start_ticks / os.sysconf("SC_CLK_TCK"), UTC)

    def is_alive(self) -> bool:
        """Whether this very process still runs; one that only waits to be reaped does not."""
        now = find(self.process_id)
        return now is not None and now.start_ticks == self.start_ticks and now.state != "Z"

    def send(self, signal_number: int) -> None:
        """Send a signal; nothing happens when the process has ended."""
        if self.is_alive():
            try:
                os.kill(self.process_id, signal_number)
            except ProcessLookupError:
                return  # it ended between the look and the signal

    def variables(self) -> dict[str, str] | None:
        """The environment it was started with; None when this system does not show it to us."""
        try:
            content = (_PROC / str(self.process_id) / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return {}
        except PermissionError:
            return None
        pairs = (entry.decode(errors="replace").partition("=") for entry in content.split(b"\0") if entry)
        return {name: value for name, _, value in pairs}

    def command(self) -> list[str]:
        """Its command line; empty when it has ended."""
        try:
            content = (_PROC / str(self.process_id) / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [part.decode(errors="replace") for part in content.split(b"\0")[:-1]]


def can_look() -> bool:
    """Whether this system has /proc."""
    return (_PROC / "self" / "stat").exists()


def find(process_id: int) -> Process | None:
    """The process of that id; None when there is none."""
    try:
        text = (_PROC / str(process_id) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and parentheses
    return Process(process_id, parent=int(fields[1]), state=fields[0], start_ticks=int(fields[19]))


def everyone() -> Iterator[Process]:
    """All processes that are alive; none on a system without /proc."""
    if not can_look():
        return
    for folder in _PROC.iterdir():
        process = find(int(folder.name)) if folder.name.isdigit() else None
        if process is not None and process.state != "Z":
            yield process


def listens(process_id: int, port: int) -> bool | None:
    """Whether the process or one that descends from it listens on `port`; None when that is not shown."""
    if not can_look():
        return None
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    hidden = False
    for found in _family(process_id):
        try:
            if wanted & set(_open_files(found)):
                return True
        except PermissionError:
            hidden = True
    return None if hidden else False


def _family(process_id: int) -> set[int]:
    parents = {process.process_id: process.parent for process in everyone()}
    family, size = {process_id}, 0
    while len(family) != size:
        size = len(family)
        family |= {child for child, parent in parents.items() if parent in family}
    return family


def _listening_inodes(port: int) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        table = _PROC / "net" / name
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _open_files(process_id: int) -> Iterator[str]:
    try:
        for entry in (_PROC / str(process_id) / "fd").iterdir():
            yield str(entry.readlink())
    except (FileNotFoundError, ProcessLookupError):
        return  # it ended, or closed the file, meanwhile
