"""Who keeps a migration waiting: looked up while it waits, for afterwards nobody can tell."""

import threading
from dataclasses import dataclass
from types import TracebackType

import psycopg

from backend.contracts.errors import OperatorError
from backend.database.address import DatabaseAddress

_LOOK_EVERY_SECONDS = 0.05

_QUERY = """
SELECT pid, coalesce(nullif(application_name, ''), 'unnamed program'), coalesce(usename, '?'),
       coalesce(state, '?'), coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float8
FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids(%s))
ORDER BY xact_start
"""


@dataclass(frozen=True)
class Blocker:
    """A session that holds a lock the migration wants."""

    pid: int
    application: str
    user: str
    state: str
    transaction_seconds: float

    def __str__(self) -> str:
        return (
            f"process {self.pid} ({self.application}, user {self.user}, {self.state}, "
            f"in its transaction for {self.transaction_seconds:.0f} s)"
        )


def describe(blockers: tuple[Blocker, ...]) -> str:
    """The blockers as one phrase."""
    if not blockers:
        return "another session"
    return " and ".join(str(blocker) for blocker in blockers)


class BlockerWatch:
    """Looks from a connection of its own, for as long as the `with` block lasts."""

    def __init__(self, address: DatabaseAddress, pid: int) -> None:
        self._address = address
        self._pid = pid
        self._stopped = threading.Event()
        self._last_seen: tuple[Blocker, ...] = ()
        self._thread = threading.Thread(target=self._look, name="migration-blockers", daemon=True)

    @property
    def last_seen(self) -> tuple[Blocker, ...]:
        """The sessions seen blocking last; none when nothing was ever seen waiting."""
        return self._last_seen

    def __enter__(self) -> "BlockerWatch":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        # A migration that nobody blocks is over before the first look and costs no second connection.
        if self._stopped.wait(_LOOK_EVERY_SECONDS):
            return
        try:
            with self._address.connect(autocommit=True, application_name="songnodes-blocker-watch") as watch:
                while True:
                    rows = watch.execute(_QUERY, (self._pid,)).fetchall()
                    if rows:
                        self._last_seen = tuple(Blocker(*row) for row in rows)
                    if self._stopped.wait(_LOOK_EVERY_SECONDS):
                        return
        except (psycopg.Error, OperatorError):
            # The look only explains. Whether the migration goes on is for its own connection to say.
            return
