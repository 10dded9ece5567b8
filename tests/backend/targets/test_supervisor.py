import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.targets.supervisor import Program, Supervisor
from tests.waiting import wait_until

_SLEEPER = [sys.executable, "-c", "import sys, time; print('up', flush=True); time.sleep(600)"]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    # A folder so deep that a unix socket inside it could not be bound.
    found = Supervisor(tmp_path / ("deep" * 12) / ("er" * 20) / "supervisor")
    found.start()
    yield found
    found.shut_down()


def _program(tmp_path: Path, name: str = "worker", **changes: object) -> Program:
    values = {"name": name, "command": _SLEEPER, "folder": tmp_path, "log": tmp_path / f"{name}.log"}
    return Program(**{**values, **changes})  # type: ignore[arg-type]


def test_a_program_is_started_replaced_and_removed(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.put(_program(tmp_path))
    wait_until(lambda: supervisor.states()["worker"].state == "RUNNING")
    first = supervisor.states()["worker"].process_id
    supervisor.put(_program(tmp_path, environment={"NEW": 'per%cent "and" quote'.replace('"', "'")}))
    wait_until(lambda: supervisor.states()["worker"].process_id not in (None, first))
    supervisor.remove("worker")
    assert "worker" not in supervisor.states()
    supervisor.remove("worker")


def test_other_programs_are_left_alone(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.put(_program(tmp_path, "one"))
    wait_until(lambda: supervisor.states()["one"].process_id is not None)
    before = supervisor.states()["one"].process_id
    supervisor.put(_program(tmp_path, "two"))
    supervisor.remove("two")
    assert supervisor.states()["one"].process_id == before


def test_a_killed_program_comes_back_and_is_counted(supervisor: Supervisor, tmp_path: Path) -> None:
    since = datetime.now(UTC)
    supervisor.put(_program(tmp_path))
    wait_until(lambda: supervisor.states()["worker"].state == "RUNNING")
    victim = supervisor.states()["worker"].process_id
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: supervisor.states()["worker"].process_id not in (None, victim))
    assert supervisor.spawn_count("worker", since) == 2


def test_a_program_that_cannot_start_is_reported(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.put(_program(tmp_path, command=[sys.executable, "-c", "raise SystemExit(3)"]))
    wait_until(lambda: supervisor.states()["worker"].state in ("BACKOFF", "FATAL"))


def test_nothing_runs_before_the_start(tmp_path: Path) -> None:
    found = Supervisor(tmp_path / "supervisor")
    assert not found.is_running()
    assert found.states() == {}
    found.shut_down()
    assert not (tmp_path / "supervisor").exists()
