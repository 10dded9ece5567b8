"""The reading side of the journal: for windows, the command line and the engine itself."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from backend.contracts.errors import OperatorError
from backend.contracts.runs import (
    Criterion,
    CriterionState,
    DeployOptions,
    ExitCode,
    OutputLine,
    Plan,
    PlannedStep,
    RollbackOptions,
    Run,
    RunKind,
    RunState,
    Step,
    StepState,
)
from backend.deployment import liveness
from backend.deployment.journal_schema import open_for_reading, unreadable
from backend.home import Home


class JournalReader:
    """Reads runs. Opens a connection for each call, so it may be used from any thread.

    Every method raises OperatorError when the journal is damaged or cannot be read.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def run(self, run_id: str) -> Run:
        """One run; OperatorError when there is none of that id."""
        with self._connection() as connection:
            row = connection and connection.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
            if not row or connection is None:
                raise OperatorError(
                    f"There is no run {run_id}.",
                    "List the runs with: main.py runs",
                    exit_code=ExitCode.USAGE,
                )
            return self._run(connection, row)

    def runs(self, environment: str, limit: int = 50) -> list[Run]:
        """Runs of an environment, newest first."""
        with self._connection() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT * FROM runs WHERE environment = ? ORDER BY created_at DESC, id DESC LIMIT ?",
                (environment, limit),
            ).fetchall()
            return [self._run(connection, row) for row in rows]

    def active_run(self, environment: str) -> Run | None:
        """The newest run that is at work or was interrupted (a watch counts only while nothing newer is)."""
        unfinished = [state.value for state in RunState if not state.is_finished]
        marks = ",".join("?" * len(unfinished))
        with self._connection() as connection:
            if connection is None:
                return None
            row = connection.execute(
                f"SELECT * FROM runs WHERE environment = ? AND state IN ({marks})"  # noqa: S608
                " ORDER BY state = 'watching', created_at DESC LIMIT 1",
                (environment, *unfinished),
            ).fetchone()
            return self._run(connection, row) if row else None

    def output(self, run_id: str, after: int = 0, limit: int = 1000) -> list[OutputLine]:
        """Output with a sequence number above `after`, oldest first."""
        with self._connection() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT * FROM output WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                (run_id, after, limit),
            ).fetchall()
        return [
            OutputLine(
                sequence=row["sequence"],
                at=datetime.fromisoformat(row["at"]),
                step=row["step"],
                source=row["source"],
                text=row["text"],
            )
            for row in rows
        ]

    def fact(self, run_id: str, key: str, default: Any = None) -> Any:
        """A fact kept with `Journal.set_fact`."""
        with self._connection() as connection:
            row = (
                connection
                and connection.execute(
                    "SELECT value FROM facts WHERE run = ? AND key = ?", (run_id, key)
                ).fetchone()
            )
        return json.loads(row["value"]) if row else default

    def step_seconds(self, environment: str, kind: RunKind, key: str, last: int = 5) -> list[float]:
        """How long the last completed runs of a step took, newest first."""
        with self._connection() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "SELECT s.started_at, s.finished_at FROM steps s JOIN runs r ON r.id = s.run"
                " WHERE r.environment = ? AND r.kind = ? AND s.key = ? AND s.state = 'done'"
                " AND s.started_at IS NOT NULL ORDER BY s.finished_at DESC LIMIT ?",
                (environment, kind.value, key, last),
            ).fetchall()
        return [_seconds(row) for row in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection | None]:
        connection = open_for_reading(self._home.journal)
        try:
            yield connection
        except sqlite3.Error as error:
            raise unreadable(self._home.journal, error) from error
        finally:
            if connection is not None:
                connection.close()

    def _run(self, connection: sqlite3.Connection, row: sqlite3.Row) -> Run:
        state = RunState(row["state"])
        alive = not state.is_active or liveness.is_alive(self._home.run_folder(row["id"]))
        return Run(
            id=row["id"],
            kind=RunKind(row["kind"]),
            environment=row["environment"],
            plan=Plan.model_validate_json(row["plan"]),
            deploy_options=_deploy_options(row),
            rollback_options=_rollback_options(row),
            state=state if alive else RunState.INTERRUPTED,
            steps=tuple(_steps(connection, row["id"], alive=alive)),
            operator=row["operator"],
            host=row["host"],
            reason=row["reason"],
            created_at=datetime.fromisoformat(row["created_at"]),
            finished_at=_time(row["finished_at"]),
            release_before=row["release_before"],
            release_after=row["release_after"],
            message=row["message"],
            exit_code=row["exit_code"],
            watch_until=_time(row["watch_until"]),
            parent=row["parent"],
        )


def _deploy_options(row: sqlite3.Row) -> DeployOptions | None:
    return DeployOptions.model_validate_json(row["options"]) if row["kind"] == RunKind.DEPLOY else None


def _rollback_options(row: sqlite3.Row) -> RollbackOptions | None:
    return RollbackOptions.model_validate_json(row["options"]) if row["kind"] == RunKind.ROLLBACK else None


def _steps(connection: sqlite3.Connection, run_id: str, *, alive: bool) -> Iterator[Step]:
    criteria = _criteria(connection, run_id)
    rows = connection.execute("SELECT * FROM steps WHERE run = ? ORDER BY position", (run_id,)).fetchall()
    for row in rows:
        state = StepState(row["state"])
        yield Step(
            plan=PlannedStep.model_validate_json(row["plan"]),
            state=StepState.UNKNOWN if state is StepState.RUNNING and not alive else state,
            started_at=_time(row["started_at"]),
            finished_at=_time(row["finished_at"]),
            message=row["message"],
            criteria=tuple(criteria.get(row["key"], ())),
        )


def _criteria(connection: sqlite3.Connection, run_id: str) -> dict[str, list[Criterion]]:
    found: dict[str, list[Criterion]] = {}
    for row in connection.execute("SELECT * FROM criteria WHERE run = ? ORDER BY step, position", (run_id,)):
        criterion = Criterion(
            key=row["key"], text=row["text"], state=CriterionState(row["state"]), evidence=row["evidence"]
        )
        found.setdefault(row["step"], []).append(criterion)
    return found


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _seconds(row: sqlite3.Row) -> float:
    started, finished = datetime.fromisoformat(row[0]), datetime.fromisoformat(row[1])
    return (finished - started).total_seconds()
