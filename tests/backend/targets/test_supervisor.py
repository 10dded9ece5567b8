import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.targets.supervisor import Supervisor
from backend.targets.supervisor_files import Program
from backend.targets.supervisor_log import unexpected_exits
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


def _kill(supervisor: Supervisor) -> None:
    """Kill the worker and wait until another one runs in its place."""
    victim = supervisor.states()["worker"].process_id
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: supervisor.states()["worker"].process_id not in (None, victim))
    wait_until(lambda: supervisor.states()["worker"].state == "RUNNING")


def test_only_exits_that_nobody_asked_for_are_counted(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.put(_program(tmp_path))
    wait_until(lambda: supervisor.states()["worker"].state == "RUNNING")
    _kill(supervisor)
    _kill(supervisor)
    assert unexpected_exits(supervisor.log_file, {}) == {"worker": 2}
    later = datetime.now(UTC) + timedelta(seconds=2)
    assert unexpected_exits(supervisor.log_file, {"worker": later}) == {}
    supervisor.put(_program(tmp_path))
    assert unexpected_exits(supervisor.log_file, {}) == {}


def test_a_new_start_of_the_supervisor_is_no_restart(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.put(_program(tmp_path))
    wait_until(lambda: supervisor.states()["worker"].state == "RUNNING")
    _kill(supervisor)
    supervisor.shut_down()
    supervisor.start()
    wait_until(lambda: supervisor.states()["worker"].process_id is not None)
    assert unexpected_exits(supervisor.log_file, {}) == {}


def test_the_folder_of_the_socket_goes_with_the_supervisor(supervisor: Supervisor) -> None:
    folder = supervisor.files.socket().parent
    assert folder != supervisor.config_file.parent
    assert folder.is_dir()
    supervisor.shut_down()
    assert not folder.exists()


def test_programs_given_at_the_start_replace_the_configured_ones(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    changed = _program(tmp_path, environment={"PORT": "2"})
    supervisor.put(_program(tmp_path, environment={"PORT": "1"}))
    assert not supervisor.files.has(changed)
    supervisor.shut_down()
    supervisor.start([changed])
    assert supervisor.files.has(changed)
    wait_until(lambda: supervisor.runs("worker"))


def test_a_program_that_cannot_start_is_reported(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.put(_program(tmp_path, command=[sys.executable, "-c", "raise SystemExit(3)"]))
    wait_until(lambda: supervisor.states()["worker"].state in ("BACKOFF", "FATAL"))


def test_nothing_runs_before_the_start(tmp_path: Path) -> None:
    found = Supervisor(tmp_path / "supervisor")
    assert not found.is_running()
    assert found.states() == {}
    found.shut_down()
    assert not (tmp_path / "supervisor").exists()
