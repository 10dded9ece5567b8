"""The journal: the memory of all runs, written ahead of every act."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.contracts.runs import (
    Control,
    Criterion,
    CriterionState,
    DeployOptions,
    Plan,
    PlannedStep,
    RollbackOptions,
    RunState,
    StepState,
)
from backend.deployment.journal_schema import open_for_writing, unwritable


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Journal:
    """The writing side. One connection, usable from several threads.

    Every method that writes raises OperatorError when the journal cannot be written; what it holds stays.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the connection; a later call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def create_run(
        self,
        run_id: str,
        plan: Plan,
        options: DeployOptions | RollbackOptions,
        *,
        operator: str,
        host: str,
        parent: str | None = None,
        release_before: str = "",
    ) -> None:
        """Write down a run and its steps, before anything of it is done."""
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO runs (id, kind, environment, plan, options, state, operator, host, reason,"
                " created_at, release_before, parent) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    run_id,
                    plan.kind.value,
                    plan.environment,
                    plan.model_dump_json(),
                    options.model_dump_json(),
                    RunState.PREPARING.value,
                    operator,
                    host,
                    options.reason,
                    now().isoformat(),
                    release_before,
                    parent,
                ),
            )
            _insert_steps(connection, run_id, plan.steps, first=0)
            connection.execute("COMMIT")

    def append_steps(self, run_id: str, steps: Sequence[PlannedStep]) -> None:
        """Add steps to a run that is at work: those of its automatic rollback. Known keys are left alone."""
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            rows = connection.execute("SELECT key FROM steps WHERE run = ?", (run_id,)).fetchall()
            known = {row["key"] for row in rows}
            _insert_steps(connection, run_id, [s for s in steps if s.key not in known], first=len(known))
            connection.execute("COMMIT")

    def set_run(self, run_id: str, state: RunState, message: str | None = None, **columns: Any) -> None:
        """Change a run's state, and `message`, `exit_code`, `release_after` or `watch_until` with it."""
        values: dict[str, Any] = {"state": state.value, **columns}
        if message is not None:
            values["message"] = message
        if state.is_finished:
            values["finished_at"] = now().isoformat()
        assignments = ", ".join(f"{column} = :{column}" for column in values)
        self._write(f"UPDATE runs SET {assignments} WHERE id = :id", {**values, "id": run_id})  # noqa: S608

    def start_step(self, run_id: str, key: str) -> None:
        """Write the intent: from here on the step may have changed something.

        A step that is taken up again starts anew, so that its duration has no interruption in it.
        """
        self._write(
            "UPDATE steps SET state = ?, started_at = ?, finished_at = NULL,"
            " message = '' WHERE run = ? AND key = ?",
            (StepState.RUNNING.value, now().isoformat(), run_id, key),
        )

    def finish_step(self, run_id: str, key: str, state: StepState, message: str) -> None:
        """Write the result of a step."""
        self._write(
            "UPDATE steps SET state = ?, finished_at = ?, message = ? WHERE run = ? AND key = ?",
            (state.value, now().isoformat(), message, run_id, key),
        )

    def set_criterion(self, run_id: str, step: str, criterion: Criterion) -> None:
        """Write what was found of one criterion; one the plan did not name is added at the end."""
        self._write(
            "INSERT INTO criteria (run, step, position, key, text, state, evidence)"
            " VALUES (:run, :step, (SELECT coalesce(max(position), -1) + 1 FROM criteria"
            "  WHERE run = :run AND step = :step), :key, :text, :state, :evidence)"
            " ON CONFLICT (run, step, key) DO UPDATE SET state = excluded.state,"
            " evidence = excluded.evidence",
            {
                "run": run_id,
                "step": step,
                "key": criterion.key,
                "text": criterion.text,
                "state": criterion.state.value,
                "evidence": criterion.evidence,
            },
        )

    def write_output(self, run_id: str, step: str, source: str, text: str) -> None:
        """Keep one line of output."""
        self._write(
            "INSERT INTO output (run, at, step, source, text) VALUES (?,?,?,?,?)",
            (run_id, now().isoformat(), step, source, text),
        )

    def set_fact(self, run_id: str, key: str, value: Any) -> None:
        """Keep something a rollback or a resumption will need, as JSON."""
        self._write(
            "INSERT INTO facts (run, key, value) VALUES (?,?,?)"
            " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
            (run_id, key, json.dumps(value)),
        )

    def ask(self, run_id: str, control: Control, operator: str) -> None:
        """Leave a request for the runner."""
        self._write(
            "INSERT INTO controls (run, control, at, operator) VALUES (?,?,?,?)",
            (run_id, control.value, now().isoformat(), operator),
        )

    def take_control(self, run_id: str) -> Control | None:
        """The oldest request not yet taken, and mark it as taken."""
        with self._writing() as connection:
            row = connection.execute(
                "UPDATE controls SET handled_at = ? WHERE sequence = (SELECT min(sequence) FROM controls"
                " WHERE run = ? AND handled_at IS NULL) RETURNING control",
                (now().isoformat(), run_id),
            ).fetchone()
        return Control(row["control"]) if row else None

    def _write(self, statement: str, values: Sequence[Any] | dict[str, Any]) -> None:
        with self._writing() as connection:
            connection.execute(statement, values)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one writer at a time; nothing of a failed write stays."""
        with self._lock:
            connection = self._open()
            try:
                yield connection
            except sqlite3.Error as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise unwritable(self._path, error) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_for_writing(self._path)
        return self._connection


def _insert_steps(
    connection: sqlite3.Connection, run_id: str, steps: Sequence[PlannedStep], *, first: int
) -> None:
    for position, step in enumerate(steps, start=first):
        state = StepState.SKIPPED if step.skipped else StepState.PENDING
        connection.execute(
            "INSERT INTO steps (run, position, key, plan, state, message) VALUES (?,?,?,?,?,?)",
            (run_id, position, step.key, step.model_dump_json(), state.value, step.skip_reason),
        )
        connection.executemany(
            "INSERT INTO criteria (run, step, position, key, text, state) VALUES (?,?,?,?,?,?)",
            [
                (run_id, step.key, place, c.key, c.text, CriterionState.WAITING.value)
                for place, c in enumerate(step.criteria)
            ],
        )
