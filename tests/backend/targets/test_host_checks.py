import os
import socket
import subprocess
import sys

from backend.contracts.environment import Environment, Ports
from backend.contracts.runs import CriterionState, Finding
from backend.targets import processes
from backend.targets.host_checks import check_ports
from tests.fixtures.postgres import free_port


def _gateway(port: int, own: dict[int, bool | None]) -> Finding:
    found = check_ports(Environment(name="sandbox", ports=Ports(gateway=port)), own)
    return next(f for f in found if f.key == "port-gateway")


def test_a_port_is_ours_only_when_our_service_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        held = _gateway(port, {port: processes.listens(os.getpid(), port)})
        assert (held.state, held.evidence) == (CriterionState.MET, "held by this stack")
        foreign = _gateway(port, {port: False})
        assert foreign.state is CriterionState.FAILED
        assert "our service of that name runs, but not there" in foreign.evidence
        assert f"port {port}" in foreign.remedy
        untold = _gateway(port, {port: None})
        assert (untold.state, untold.evidence) == (
            CriterionState.MET,
            "in use; our service of that name runs",
        )
        assert _gateway(port, {}).evidence == "in use by another program"
    assert _gateway(port, {port: False}).evidence == "free"


def test_a_child_listens_for_its_parent_and_a_stranger_does_not() -> None:
    port = free_port()
    code = f"import socket; s = socket.create_server(('127.0.0.1', {port})); print(flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert processes.listens(os.getpid(), port)
        assert processes.listens(child.pid, port)
        assert processes.listens(os.getppid(), port)
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as stranger:
            assert processes.listens(stranger.pid, port) is False
        child.kill()
