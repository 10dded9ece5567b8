"""The connection test against a real engine."""

from backend.connection.check import Deadline
from backend.connection.compose_tool import check_compose
from backend.connection.docker_engine import check_engine
from backend.contracts.environment import ComposeSettings
from backend.contracts.runs import CriterionState
from tests.fixtures.docker_engine import DockerEngine


def test_a_real_engine_is_told_with_its_version(docker_engine: DockerEngine) -> None:
    found, *_ = check_engine(ComposeSettings(docker_host=docker_engine.address), Deadline())
    told = docker_engine.run("docker", "version", "--format", "{{.Server.Version}}").stdout.strip()
    assert found.state is CriterionState.MET
    assert found.evidence == f"version {told} on {docker_engine.address}"
    (compose,) = check_compose(Deadline())
    assert compose.state is CriterionState.MET
