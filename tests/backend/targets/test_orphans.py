import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.targets import processes
from backend.targets.orphans import WITHOUT_SUPERVISOR, Orphans
from backend.targets.supervisor import Supervisor
from backend.targets.supervisor_files import Program
from tests.waiting import wait_until

_SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
_IGNORE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
_STUBBORN = [sys.executable, "-c", f"{_IGNORE}; print('up', flush=True); time.sleep(600)"]


class _Told(list[str]):
    def __call__(self, _source: str, text: str) -> None:
        self.append(text)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    found = Supervisor(tmp_path / "home" / "supervisor")
    found.start()
    yield found
    Orphans(found).end(_Told())
    found.shut_down()


def _put(supervisor: Supervisor, tmp_path: Path, name: str, command: list[str] = _SLEEPER) -> int:
    log = tmp_path / f"{name}.log"
    supervisor.put(Program(name=name, command=command, folder=tmp_path, log=log, stop_seconds=1))
    wait_until(lambda: supervisor.states()[name].state == "RUNNING")
    found = supervisor.states()[name].process_id
    assert found is not None
    return found


def _kill_supervisor(supervisor: Supervisor) -> None:
    found = processes.find(int(supervisor.files.pid_file.read_text()))
    assert found is not None
    found.send(signal.SIGKILL)
    wait_until(lambda: not found.is_alive())


def test_what_a_killed_supervisor_leaves_is_found_and_ended_in_order(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    first, second = _put(supervisor, tmp_path, "one"), _put(supervisor, tmp_path, "two")
    orphans, told = Orphans(supervisor), _Told()
    assert orphans.states() == {}
    _kill_supervisor(supervisor)
    states = orphans.states()
    assert {name: state.process_id for name, state in states.items()} == {"one": first, "two": second}
    assert states["one"].explanation == WITHOUT_SUPERVISOR
    assert orphans.end(told)
    assert [line.split(":")[0] for line in told] == ["two", "one"]
    assert orphans.states() == {}
    assert all((found := processes.find(pid)) is None or found.state == "Z" for pid in (first, second))
    assert not supervisor.files.pid_file.exists()
    assert not orphans.end(told)


def test_one_that_does_not_obey_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    stubborn = _put(supervisor, tmp_path, "stubborn", _STUBBORN)
    wait_until(lambda: "up" in (tmp_path / "stubborn.log").read_text())
    _kill_supervisor(supervisor)
    found = processes.find(stubborn)
    assert found is not None
    assert Orphans(supervisor).end(_Told())
    assert not found.is_alive()


def test_a_supervisor_without_its_socket_is_ended_with_its_programs(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    worker = processes.find(_put(supervisor, tmp_path, "worker"))
    assert worker is not None
    supervisor.files.socket().unlink()
    told = _Told()
    assert Orphans(supervisor).end(told)
    assert "cannot be reached" in told[0]
    assert not worker.is_alive()


def test_a_stopped_supervisor_leaves_nothing(supervisor: Supervisor, tmp_path: Path) -> None:
    _put(supervisor, tmp_path, "worker")
    supervisor.shut_down()
    told = _Told()
    assert not Orphans(supervisor).end(told)
    assert told == []


def test_programs_of_others_are_not_ours(supervisor: Supervisor, tmp_path: Path) -> None:
    other = Supervisor(tmp_path / "other" / "supervisor")
    other.start()
    try:
        theirs = _put(other, tmp_path, "worker")
        _kill_supervisor(supervisor)
        assert Orphans(supervisor).find() == {}
        Orphans(supervisor).end(_Told())
        os.kill(theirs, 0)
    finally:
        other.shut_down()
