"""The journal's tables, and how a connection to it is opened."""

import sqlite3
from pathlib import Path

from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.home import make_private_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    environment TEXT NOT NULL,
    plan TEXT NOT NULL,
    options TEXT NOT NULL,
    state TEXT NOT NULL,
    operator TEXT NOT NULL,
    host TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    finished_at TEXT,
    release_before TEXT NOT NULL DEFAULT '',
    release_after TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    exit_code INTEGER,
    watch_until TEXT,
    parent TEXT REFERENCES runs (id)
) STRICT;
CREATE INDEX IF NOT EXISTS runs_by_environment ON runs (environment, created_at DESC);
CREATE TABLE IF NOT EXISTS steps (
    run TEXT NOT NULL REFERENCES runs (id),
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    message TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, position),
    UNIQUE (run, key)
) STRICT;
CREATE TABLE IF NOT EXISTS criteria (
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    position INTEGER NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    evidence TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, step, key)
) STRICT;
CREATE TABLE IF NOT EXISTS output (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    at TEXT NOT NULL,
    step TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS output_by_run ON output (run, sequence);
CREATE TABLE IF NOT EXISTS controls (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    control TEXT NOT NULL,
    at TEXT NOT NULL,
    operator TEXT NOT NULL,
    handled_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS facts (
    run TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, key)
) STRICT;
"""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """A connection that survives power loss: WAL with full synchronisation, tables made when missing."""
    try:
        make_private_folder(path.parent)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.executescript(_SCHEMA)
    except (OSError, sqlite3.Error) as error:
        raise unwritable(path, error) from error
    return connection


def unwritable(path: Path, error: Exception) -> OperatorError:
    """What to tell when the journal takes nothing more."""
    return OperatorError(
        f"The journal {path} cannot be written: {error}. Without it nothing is started or changed.",
        "Free some space or mend the folder's permissions, or set SONGNODES_HOME to another folder.",
        exit_code=ExitCode.REFUSED,
    )


def open_for_reading(path: Path) -> sqlite3.Connection | None:
    """A read-only connection, or None while there is no journal. Creates nothing."""
    if not path.exists():
        return None
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10, check_same_thread=False)
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    connection.row_factory = sqlite3.Row
    return connection


def unreadable(path: Path, error: sqlite3.Error) -> OperatorError:
    """What to tell when the journal does not answer."""
    return OperatorError(
        f"The journal {path} cannot be read: {error}. Without it nothing is started.",
        "If it is damaged, move it and its -wal and -shm files away: the history of runs goes with it, "
        "the stack and its data stay.",
        exit_code=ExitCode.REFUSED,
    )
