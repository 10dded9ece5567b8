"""What answers on a service's port counts only when it is that service, of that release."""

import json
from contextlib import AbstractContextManager

import pytest

from backend.clients.services import ServiceClient
from backend.contracts.environment import GATEWAY, Environment
from backend.contracts.runs import CriterionState
from backend.deployment.checks.health import check_service
from tests.fixtures.answering import always, answering
from tests.fixtures.sandbox import Sandbox, new_sandbox


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return new_sandbox(tmp_path_factory.mktemp("home"))


def _answering(environment: Environment, status: int, body: object) -> AbstractContextManager[int]:
    """A program on the gateway's port that always answers the same."""
    return answering(always(status, json.dumps(body).encode()), environment.port(GATEWAY))


@pytest.mark.parametrize(
    ("body", "state", "words"),
    [
        ({"status": "healthy"}, CriterionState.FAILED, "another program answers on port"),
        ({"status": "healthy", "service": "shop"}, CriterionState.FAILED, "it says service shop"),
        ({"status": "healthy", "service": GATEWAY, "release": "r1"}, CriterionState.FAILED, "of release r1"),
        ({"status": "healthy", "service": GATEWAY, "release": "r2"}, CriterionState.MET, "healthy"),
        (["healthy"], CriterionState.FAILED, "another program answers on port"),
    ],
)
def test_only_the_service_itself_is_healthy(
    sandbox: Sandbox, body: object, state: CriterionState, words: str
) -> None:
    environment = sandbox.environment
    with _answering(environment, 200, body), ServiceClient(environment) as client:
        found = check_service(client, GATEWAY, "r2")
    assert found.state is state
    assert words in found.evidence
    if state is CriterionState.FAILED:
        assert str(environment.port(GATEWAY)) in found.evidence


def test_a_failing_service_may_be_unable_to_name_itself(sandbox: Sandbox) -> None:
    environment = sandbox.environment
    with _answering(environment, 500, {}), ServiceClient(environment) as client:
        found = check_service(client, GATEWAY, "r2")
    assert found.state is CriterionState.FAILED
    assert "500" in found.evidence
