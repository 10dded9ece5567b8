"""Run pg_dump, pg_restore and psql. The password goes into the environment, never onto a command line."""

import os
import subprocess
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress
from backend.database.binaries import PostgresPrograms

_LINES = 4
"""Lines of a program's complaint that are shown: the first ones name the cause."""


class ToolFailedError(OperatorError):
    """A PostgreSQL program ended with an error."""


@dataclass(frozen=True)
class PostgresTools:
    """The programs of one version, pointed at one database."""

    binaries: PostgresPrograms
    address: DatabaseAddress

    def dump(self, target: Path, snapshot: str) -> None:
        """Write the database as of an exported snapshot into a compressed archive."""
        arguments = ("--format=custom", f"--snapshot={snapshot}")
        if self.binaries.shares_files:
            self._run("pg_dump", *arguments, f"--file={target}")
        else:
            self._run("pg_dump", *arguments, into=target)

    def restore(self, archive: Path) -> None:
        """Load an archive into the (empty) database, all of it or nothing."""
        self._run(
            "pg_restore",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={self.address.name}",
            archive=archive,
        )

    def read_through(self, archive: Path) -> int:
        """Read all of an archive without a database; the number of entries in its table of contents."""
        self._run("pg_restore", f"--file={os.devnull}", archive=archive)
        listed = self._run("pg_restore", "--list", archive=archive)
        return sum(1 for line in listed.splitlines() if line.strip() and not line.startswith(";"))

    def run_sql(self, chunks: Iterable[bytes]) -> None:
        """Run an SQL script in one transaction; the first error ends it and undoes it all."""
        command = self._command(
            "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--file=-"
        )
        child = subprocess.Popen(
            command,
            env=self.binaries.environment(self.address),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert child.stdin is not None  # noqa: S101 - asked for with PIPE
        _feed(child.stdin, chunks)
        _, errors = child.communicate()
        self._judge("psql", child.returncode, errors.decode(errors="replace"))

    def _run(
        self, program: str, *arguments: str, archive: Path | None = None, into: Path | None = None
    ) -> str:
        """Run a program on `archive`; what it says goes `into` a file, else it is returned."""
        named = archive is not None and self.binaries.shares_files
        command = self._command(program, *arguments, *([str(archive)] if named else []))
        with ExitStack() as files:
            done = subprocess.run(
                command,
                env=self.binaries.environment(self.address),
                stdin=files.enter_context(archive.open("rb"))
                if archive and not named
                else subprocess.DEVNULL,
                stdout=files.enter_context(into.open("wb")) if into else subprocess.PIPE,
                stderr=subprocess.PIPE,
                check=False,
            )
        self._judge(program, done.returncode, done.stderr.decode(errors="replace"))
        return (done.stdout or b"").decode(errors="replace")

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [*self.binaries.command(program, self.address), *arguments]

    def _judge(self, program: str, code: int, errors: str) -> None:
        if code == 0:
            return
        said = " / ".join(line.strip() for line in errors.splitlines()[:_LINES] if line.strip())
        if self.address.password:
            said = said.replace(self.address.password, "***")
        raise ToolFailedError(f"{program} ended with exit code {code}: {said or 'it gave no reason'}")


def _feed(stream: IO[bytes], chunks: Iterable[bytes]) -> None:
    """Write everything; a reader that has ended early explains itself by its exit code."""
    try:
        for chunk in chunks:
            stream.write(chunk)
        stream.flush()
    except BrokenPipeError:
        return
