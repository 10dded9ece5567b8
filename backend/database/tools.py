"""Run pg_dump, pg_restore and psql. The password goes into the environment, never onto a command line."""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress
from backend.database.binaries import PostgresBinaries

_LINES = 4
"""Lines of a program's complaint that are shown: the first ones name the cause."""


class ToolFailedError(OperatorError):
    """A PostgreSQL program ended with an error."""


@dataclass(frozen=True)
class PostgresTools:
    """The programs of one version, pointed at one database."""

    binaries: PostgresBinaries
    address: DatabaseAddress

    def dump(self, target: Path, snapshot: str) -> None:
        """Write the database as of an exported snapshot into a compressed archive."""
        self._run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={target}")

    def restore(self, archive: Path) -> None:
        """Load an archive into the (empty) database, all of it or nothing."""
        self._run(
            "pg_restore",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={self.address.name}",
            str(archive),
        )

    def read_through(self, archive: Path) -> int:
        """Read all of an archive without a database; the number of entries in its table of contents."""
        self._run("pg_restore", f"--file={os.devnull}", str(archive))
        listed = self._run("pg_restore", "--list", str(archive))
        return sum(1 for line in listed.splitlines() if line.strip() and not line.startswith(";"))

    def run_sql(self, chunks: Iterable[bytes]) -> None:
        """Run an SQL script in one transaction; the first error ends it and undoes it all."""
        command = self._command(
            "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--file=-"
        )
        child = subprocess.Popen(
            command,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert child.stdin is not None  # noqa: S101 - asked for with PIPE
        _feed(child.stdin, chunks)
        _, errors = child.communicate()
        self._judge("psql", child.returncode, errors.decode(errors="replace"))

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            self._command(program, *arguments),
            env=self._environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        self._judge(program, done.returncode, done.stderr)
        return done.stdout

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.binaries.program(program)), *arguments]

    def _judge(self, program: str, code: int, errors: str) -> None:
        if code == 0:
            return
        said = " / ".join(line.strip() for line in errors.splitlines()[:_LINES] if line.strip())
        if self.address.password:
            said = said.replace(self.address.password, "***")
        raise ToolFailedError(f"{program} ended with exit code {code}: {said or 'it gave no reason'}")

    def _environment(self) -> dict[str, str]:
        """Ours without any PG* setting of the user's, which could point elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PSQL"))}
        settings = {
            "PGHOST": self.address.host,
            "PGPORT": str(self.address.port),
            "PGUSER": self.address.user,
            "PGDATABASE": self.address.name,
            "PGAPPNAME": "songnodes-tools",
            "PGCONNECT_TIMEOUT": "10",
            "PGPASSFILE": os.devnull,
            "PSQL_HISTORY": os.devnull,
            "LC_ALL": "C",
        }
        if self.address.password is not None:
            settings["PGPASSWORD"] = self.address.password
        return kept | settings


def _feed(stream: IO[bytes], chunks: Iterable[bytes]) -> None:
    """Write everything; a reader that has ended early explains itself by its exit code."""
    try:
        for chunk in chunks:
            stream.write(chunk)
        stream.flush()
    except BrokenPipeError:
        return
