"""What the engine asks of a place where a stack runs: the same few questions for every kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from backend.contracts.environment import Environment
from backend.contracts.runs import Finding
from backend.contracts.stack import ServiceStatus
from backend.database.address import DatabaseAddress
from backend.database.backup import Backups

Output = Callable[[str, str], None]
"""Takes a source (`$` for a command, else a tool's or service's name) and one line of text."""


@dataclass(frozen=True)
class Release:
    """Something immutable that services can be started from."""

    id: str
    digest: str
    """SHA-256 of the content: two releases of the same digest run the same code."""
    size_bytes: int
    created_at: datetime
    commit: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes for each part (an image, or a folder)."""


class Target(Protocol):
    """One environment's place."""

    @property
    def environment(self) -> Environment:
        """The profile."""

    def check_host(self) -> Sequence[Finding]:
        """Whether the machine can carry the stack. Looks only."""

    def check_ports(self) -> Sequence[Finding]:
        """Whether each port is free or held by this stack; a part of `check_host`."""

    def check_infrastructure(self) -> Sequence[Finding]:
        """Whether database, cache and broker are there and usable. Looks only."""

    def prepare(self, output: Output) -> None:
        """Start what the stack stands on, when it is not running yet."""

    def next_release_id(self) -> str:
        """The name that the next build gets. Changes nothing."""

    def build(self, release_id: str, output: Output) -> Release:
        """Make a release; nothing that runs is touched. A half-made one of the same id is made anew."""

    def release(self, release_id: str) -> Release | None:
        """A complete release of that id."""

    def start_service(self, service: str, release_id: str, output: Output) -> None:
        """Start `service` from a release, in place of what runs; it need not be healthy yet."""

    def stop_service(self, service: str, output: Output) -> None:
        """Stop `service` after it has finished what it is at. Nothing happens when it does not run."""

    def services(self) -> Sequence[ServiceStatus]:
        """What runs, on process level: release, state, restarts. Health is asked elsewhere."""

    def log_since(self, service: str, position: int | None) -> tuple[Sequence[str], int]:
        """New log lines of a service and the position to ask from next; None starts at the end."""

    def last_log_lines(self, service: str, count: int) -> Sequence[str]:
        """The end of a service's log."""

    def musicdb(self) -> DatabaseAddress:
        """The stack's database."""

    def operations_database(self) -> DatabaseAddress:
        """The database that keeps lock, queues and dead letters through every rollback."""

    def backups(self) -> Backups:
        """The folder of database backups."""

    def migrations(self, name: str, release_id: str = "") -> Path:
        """The folder of a set of migrations, `medallion` or `operations`: as the release has it.

        As the source tree has it without a release, or when that release was never made.
        """

    def admin_token(self) -> str:
        """Bearer token of admin and dead-letter calls."""

    def commands(self, step: str, release_id: str) -> Sequence[str]:
        """The commands a person would type for a step of the plan."""

    def rollback_commands(
        self, step: str, services: Mapping[str, str | None], backup: str | None
    ) -> Sequence[str]:
        """The commands a person would type for a step of a rollback.

        `services` has the release each service returns to (None: it stays stopped); `backup` the file that is
        restored.
        """

    def up(self, output: Output) -> None:
        """Start everything on the releases that ran last."""

    def down(self, output: Output) -> None:
        """Stop everything; data stays."""
