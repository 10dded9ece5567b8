"""What the Compose target reads and writes without an engine: `.env`, states of containers, drift, ssh."""

from pathlib import Path
from typing import Any

import pytest

from backend.contracts.environment import ComposeSettings
from backend.contracts.errors import OperatorError
from backend.contracts.runs import CriterionState, ExitCode
from backend.contracts.stack import ServiceState
from backend.targets.compose import engine
from backend.targets.compose.checks import check_drift
from backend.targets.compose.status import service_status
from backend.targets.compose.variables import StackVariables


def test_an_env_file_keeps_comments_order_and_what_others_set(tmp_path: Path) -> None:
    example, file = tmp_path / ".env.example", tmp_path / ".env"
    example.write_text("# ports\nGATEWAY_PORT=8022\nLOG_LEVEL='debug'\n")
    variables = StackVariables(file, example)
    assert variables.put({"GATEWAY_PORT": "9022", "API_GATEWAY_RELEASE": "R-1"})
    assert file.read_text() == "# ports\nGATEWAY_PORT=9022\nLOG_LEVEL='debug'\nAPI_GATEWAY_RELEASE=R-1\n"
    assert variables.all()["LOG_LEVEL"] == "debug"
    assert file.stat().st_mode & 0o777 == 0o600
    assert not variables.put({"GATEWAY_PORT": "9022"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", ".env.example"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"Running": True, "Pid": 7, "Health": {"Status": "healthy"}}, ServiceState.HEALTHY),
        ({"Running": True, "Pid": 7, "Health": {"Status": "starting"}}, ServiceState.STARTING),
        ({"Running": True, "Restarting": True, "ExitCode": 1}, ServiceState.CRASHED),
        ({"Status": "exited", "ExitCode": 1}, ServiceState.CRASHED),
        ({"Status": "exited", "ExitCode": 143}, ServiceState.STOPPED),
        ({"Status": "created", "ExitCode": 0}, ServiceState.STARTING),
    ],
)
def test_states_of_containers(state: dict[str, Any], expected: ServiceState) -> None:
    container = {"State": state, "RestartCount": 2, "Config": {"Image": "songnodes/dlq-manager:R-1"}}
    found = service_status("dlq-manager", "127.0.0.1:8021", container, None)
    assert (found.state, found.release, found.restarts) == (expected, "R-1", 2)
    runs = bool(state.get("Running")) and not state.get("Restarting")
    assert (found.process_id is not None) is runs


def test_an_image_put_in_place_by_hand_is_told_and_stops_nothing() -> None:
    running = {
        "dlq-manager": "sha256:new",
        "metadata-enrichment": "sha256:a",
        "api-gateway-internal": "sha256:x",
    }
    found = check_drift(running, {"dlq-manager": "sha256:old", "metadata-enrichment": "sha256:a"})
    assert (found.state, found.critical) == (CriterionState.WARNING, False)
    assert found.evidence == "dlq-manager runs the image sha256:new"
    same = check_drift(running, {"metadata-enrichment": "sha256:a", "api-gateway-internal": None})
    assert (same.state, same.evidence) == (CriterionState.MET, "image ids of 1 compared")


def test_ssh_without_the_package_it_needs_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(OperatorError, match="the package paramiko") as refused:
        engine.DockerEngine(ComposeSettings(docker_host="ssh://host")).versions()
    assert refused.value.exit_code == ExitCode.REFUSED
