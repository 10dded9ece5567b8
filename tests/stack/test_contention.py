"""Two operators at once, and bad input: each gets a clear answer, and nothing is half done."""

import socket
import subprocess
from pathlib import Path

import pytest

from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState
from backend.targets.host_checks import check_disk
from tests.fixtures.sandbox import Sandbox

pytestmark = pytest.mark.stack


def _end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    out, err = process.communicate(timeout=180)
    return process.returncode, out + err


def test_of_two_deployments_at_once_one_wins(sandbox: Sandbox) -> None:
    ends = [_end(process) for process in [sandbox.start("deploy", "--yes"), sandbox.start("deploy", "--yes")]]
    assert sorted(code for code, _ in ends) == [0, 3], ends
    loser = next(text for code, text in ends if code == 3)
    winner = next(r for r in sandbox.composition.reader.runs("sandbox", 2) if r.exit_code == 0)
    assert winner.id in loser
    assert f"{winner.operator} on {winner.host}" in loser


def test_a_broken_profile_is_named(sandbox: Sandbox) -> None:
    sandbox.write_profile("[ports]\ngateway = 'many'\n")
    done = sandbox.command("deploy", "--yes")
    assert done.returncode == 4
    assert "ports.gateway" in done.stderr
    assert "sandbox.toml" in done.stderr
    sandbox.write_profile("[ports\n")
    assert "not valid TOML" in sandbox.command("validate").stderr
    sandbox.write_profile("")


def test_a_port_in_use_is_named_before_anything_starts(sandbox: Sandbox) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", sandbox.environment.ports.gateway))
        other.listen()
        done = sandbox.command("deploy", "--yes")
    assert done.returncode == 4, done.stdout + done.stderr
    assert f"Port {sandbox.environment.ports.gateway}" in done.stdout
    assert sandbox.target.supervisor.states() == {}


def test_a_wrong_database_password_is_named(deployed: Sandbox) -> None:
    secret = deployed.home.environment("sandbox").secrets / "database_password"
    right = secret.read_text()
    secret.write_text("wrong")
    try:
        validated = deployed.command("validate")
        done = deployed.command("rollback", "--db-only", "--yes")
    finally:
        secret.write_text(right)
    assert "refused the password" in validated.stdout
    assert done.returncode != 0
    assert "password" in done.stderr + done.stdout
    assert right not in done.stdout + done.stderr + validated.stdout
    assert deployed.command("health").returncode == 0


def test_unknown_names_are_refused_with_the_known_ones(sandbox: Sandbox) -> None:
    done = sandbox.command("status", "--environment", "nowhere")
    assert done.returncode == 64
    assert "sandbox" in done.stderr
    assert sandbox.command("health", "--service", "nobody").returncode == 64


def test_too_little_disk_is_refused_with_the_remedy(tmp_path: Path) -> None:
    found = check_disk(tmp_path / "not" / "there", needed=10**18)
    assert found.state is CriterionState.FAILED
    assert "SONGNODES_HOME" in found.remedy
    assert not (tmp_path / "not").exists()


def test_only_interrupted_runs_can_be_resumed(deployed: Sandbox) -> None:
    with pytest.raises(OperatorError, match="only an interrupted run"):
        deployed.composition.runs().resume(deployed.newest_run().id)
