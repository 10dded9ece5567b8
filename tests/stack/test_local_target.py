"""The local target in trouble: lost and wrong passwords, a changed profile, a killed supervisor."""

import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.contracts.environment import POSTGRES, PROVIDER_SIMULATOR, SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, ExitCode
from backend.database.address import WrongPasswordError
from backend.targets import processes
from backend.targets.orphans import WITHOUT_SUPERVISOR
from backend.targets.supervisor_files import Program
from tests.fixtures.postgres import free_port
from tests.fixtures.sandbox import Sandbox, new_sandbox, tear_down
from tests.waiting import wait_until

pytestmark = pytest.mark.stack


def _quiet(_source: str, _text: str) -> None:
    pass


@pytest.fixture
def prepared(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Infrastructure without services."""
    sandbox.target.prepare(_quiet)
    yield sandbox
    sandbox.target.down(_quiet)


def _password(sandbox: Sandbox) -> Path:
    return sandbox.home.environment("sandbox").secrets / "database_password"


def _process_ids(sandbox: Sandbox) -> dict[str, int]:
    return {s.name: s.process_id for s in sandbox.target.services() if s.process_id is not None}


def _kill_supervisor(sandbox: Sandbox) -> None:
    found = processes.find(int(sandbox.target.supervisor.files.pid_file.read_text()))
    assert found is not None
    found.send(signal.SIGKILL)
    wait_until(lambda: not found.is_alive())


def _is_alive(process_id: int) -> bool:
    found = processes.find(process_id)
    return found is not None and found.is_alive()


def test_a_wrong_password_is_named_at_once(prepared: Sandbox) -> None:
    _password(prepared).write_text("wrong")
    began = time.monotonic()
    with pytest.raises(WrongPasswordError, match="refused the password") as caught:
        prepared.target.prepare(_quiet)
    assert time.monotonic() - began < 10
    assert caught.value.exit_code == ExitCode.REFUSED
    assert str(_password(prepared)) in caught.value.remedy


def test_a_lost_password_is_not_replaced(prepared: Sandbox) -> None:
    right = _password(prepared).read_text()
    for supervised in (True, False):
        if not supervised:
            prepared.target.down(_quiet)
        _password(prepared).unlink()
        with pytest.raises(OperatorError, match="password is lost") as caught:
            prepared.target.prepare(_quiet)
        assert caught.value.exit_code == ExitCode.REFUSED
        assert str(_password(prepared)) in caught.value.message
        assert not _password(prepared).exists()
        _password(prepared).write_text(right)
    prepared.target.prepare(_quiet)
    assert prepared.ask("SELECT 1") == 1


def test_a_changed_port_needs_a_restart_and_gets_it(prepared: Sandbox) -> None:
    old, new = prepared.environment.ports.postgres, free_port()
    simulator = free_port()
    profile = prepared.home.profiles / "sandbox.toml"
    text = profile.read_text().replace(f"postgres = {old}", f"postgres = {new}")
    profile.write_text(text.replace(str(prepared.environment.ports.simulator), str(simulator)))
    with pytest.raises(OperatorError, match=f"listens on port {old}; the profile says {new}") as caught:
        prepared.target.prepare(_quiet)
    assert caught.value.exit_code == ExitCode.REFUSED
    assert "main.py down, then main.py up" in caught.value.remedy
    finding = next(f for f in prepared.target.check_infrastructure() if f.key == "postgres")
    assert finding.state is CriterionState.FAILED
    assert str(old) in finding.evidence
    prepared.target.down(_quiet)
    prepared.target.up(_quiet)
    assert prepared.ask("SHOW port") == str(new)
    wait_until(lambda: processes.listens(_process_ids(prepared)[PROVIDER_SIMULATOR], simulator))


def test_ports_are_held_by_whoever_listens(prepared: Sandbox) -> None:
    findings = {f.key: f for f in prepared.target.check_host()}
    assert findings["port-postgres"].evidence == "held by this stack"
    assert findings["port-gateway"].evidence == "free"


def test_restarts_of_the_infrastructure_are_counted(prepared: Sandbox) -> None:
    before = _process_ids(prepared)[PROVIDER_SIMULATOR]
    wait_until(lambda: prepared.target.supervisor.states()[PROVIDER_SIMULATOR].state == "RUNNING")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: _process_ids(prepared).get(PROVIDER_SIMULATOR) not in (None, before))
    assert {s.name: s.restarts for s in prepared.target.services() if s.restarts} == {PROVIDER_SIMULATOR: 1}


def test_a_simulator_on_older_code_is_replaced(prepared: Sandbox) -> None:
    before = _process_ids(prepared)[PROVIDER_SIMULATOR]
    prepared.target.prepare(_quiet)
    assert _process_ids(prepared)[PROVIDER_SIMULATOR] == before
    # The configuration of a simulator that was started from other sources.
    older = Program(PROVIDER_SIMULATOR, ["sleep", "600"], Path("/"), prepared.home.root / "older.log")
    prepared.target.supervisor.put(older)
    prepared.target.prepare(_quiet)
    address = prepared.environment.port(PROVIDER_SIMULATOR)
    wait_until(lambda: processes.listens(_process_ids(prepared)[PROVIDER_SIMULATOR], address))


def test_folders_are_private(prepared: Sandbox) -> None:
    root = prepared.home.root
    for folder in (root / "environments", root / "environments" / "sandbox", _password(prepared).parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_up_replaces_what_a_killed_supervisor_left(prepared: Sandbox) -> None:
    left = _process_ids(prepared)
    _kill_supervisor(prepared)
    seen = {s.name: s for s in prepared.target.services() if s.process_id}
    assert {name: status.process_id for name, status in seen.items()} == left
    assert {status.detail for status in seen.values()} == {WITHOUT_SUPERVISOR}
    done = prepared.command("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not any(_is_alive(process_id) for process_id in left.values())
    assert set(_process_ids(prepared)) == {POSTGRES, PROVIDER_SIMULATOR}
    assert prepared.ask("SELECT 1") == 1


def test_down_and_a_deployment_after_the_supervisor_was_killed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    sandbox = new_sandbox(tmp_path_factory.mktemp("home"))
    try:
        assert sandbox.command("deploy", "--yes").returncode == 0
        left = _process_ids(sandbox)
        assert set(left) == {*SERVICES, POSTGRES, PROVIDER_SIMULATOR}
        _kill_supervisor(sandbox)
        done = sandbox.command("down")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("now stopped") == len(left)
        assert not any(_is_alive(process_id) for process_id in left.values())
        assert sandbox.command("up").returncode == 0
        assert sandbox.command("health", "--wait", "--timeout", "60").returncode == 0
        assert {s.restarts for s in sandbox.target.services()} == {0}
    finally:
        tear_down(sandbox)
