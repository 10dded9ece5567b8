"""The account that the embedded server runs as. PostgreSQL refuses to be root."""

import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backend.contracts.errors import OperatorError

NOBODY = 65534
_READ_SEARCH = 2
_OVERRIDE = 1
_CAPABILITIES = {_READ_SEARCH: "dac_read_search", _OVERRIDE: "dac_override"}


@dataclass(frozen=True)
class ServerUser:
    """Who owns the data and runs the server, and the words that start a program as that account."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    """Goes before the program; empty when the account is the one this process already has."""

    @classmethod
    def for_paths(cls, paths: Iterable[Path]) -> "ServerUser":
        """The account for a server that has to reach `paths` (its data, its programs).

        An ordinary user runs the server as itself. Root runs it as nobody through setpriv. When nobody
        may not enter the folders on the way (a 0700 home), the server keeps the one capability that lets
        it search and read them, and loses all others. Raises OperatorError when that is impossible.
        """
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        closed = [folder for path in paths for folder in closed_folders(path)]
        return cls(NOBODY, NOBODY, (*_become_nobody(), *_search_capability(closed)))

    def give(self, path: Path) -> None:
        """Make the account the owner of `path`."""
        if (self.uid, self.gid) != (os.geteuid(), os.getegid()):
            os.chown(path, self.uid, self.gid)


def closed_folders(path: Path) -> list[Path]:
    """The folders on the way to `path`, as named and as resolved, that nobody may not enter."""
    way = [*path.absolute().parents, *path.resolve().parents]
    return [folder for folder in dict.fromkeys(way) if folder.exists() and not _nobody_may_enter(folder)]


def _nobody_may_enter(folder: Path) -> bool:
    facts = folder.stat()
    if facts.st_uid == NOBODY:
        return bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_gid == NOBODY:
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)


def _become_nobody() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise OperatorError(
            "PostgreSQL refuses to run as root, and setpriv, which would start it as nobody, is missing.",
            "Install util-linux, or run the console as an ordinary user.",
        )
    return (setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def _search_capability(closed: list[Path]) -> tuple[str, ...]:
    """Switches of setpriv that keep the right to search closed folders, none when no folder is closed."""
    if not closed:
        return ()
    available = _available_capabilities()
    for number, name in _CAPABILITIES.items():
        if available >> number & 1:
            only = f"-all,+{name}"
            # initdb and postgres look for their programs with access(2), which leaves capabilities out
            # for any account but root unless this bit is set.
            return ("--securebits=+no_setuid_fixup", f"--inh-caps={only}", f"--ambient-caps={only}")
    raise OperatorError(
        f"PostgreSQL has to run as nobody here, and nobody may not enter {closed[0]}.",
        f"Allow it (chmod o+x {closed[0]}), set SONGNODES_HOME to another folder, "
        "or run the console as an ordinary user.",
    )


def _available_capabilities() -> int:
    """Bit mask of the capabilities that this process has and may hand on."""
    lines = Path("/proc/self/status").read_text().splitlines()
    masks = dict(line.split(":", maxsplit=1) for line in lines if line.startswith("Cap"))
    return int(masks["CapPrm"], 16) & int(masks["CapBnd"], 16)
