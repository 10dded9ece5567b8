"""The profile of an environment: what Docker Compose adds to it, and what it refuses."""

import pytest
from pydantic import ValidationError

from backend.contracts.environment import ComposeSettings, Environment, ProviderMode, TargetKind


def test_a_profile_of_compose_has_settings_by_itself() -> None:
    profile = Environment(name="production", kind=TargetKind.COMPOSE)
    assert profile.compose == ComposeSettings()
    assert profile.prometheus == "http://127.0.0.1:9091"
    assert profile.grafana == "http://127.0.0.1:3001"
    assert profile.provider_mode("spotify") is ProviderMode.LIVE


def test_a_local_profile_has_neither_settings_nor_monitoring_of_its_own() -> None:
    profile = Environment(name="sandbox")
    assert (profile.compose, profile.prometheus, profile.grafana) == (None, None, None)
    with pytest.raises(ValidationError, match="belongs to kind = 'compose'"):
        Environment(name="sandbox", compose=ComposeSettings())


def test_a_simulated_compose_stack_sends_its_calls_to_the_simulator() -> None:
    content = {"name": "practice", "kind": "compose", "compose": {"simulated": True}}
    assert Environment.model_validate(content).provider_mode("spotify") is ProviderMode.SIMULATED


@pytest.mark.parametrize(
    "address",
    ["unix:///var/run/docker.sock", "tcp://10.0.0.5:2376", "ssh://deploy@db.example.org", "ssh://host:2222"],
)
def test_addresses_of_docker_hosts(address: str) -> None:
    assert ComposeSettings(docker_host=address).docker_host == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("unix://var/run/docker.sock", "no absolute path"),
        ("http://host:2375", "no address of a Docker host"),
        ("db.example.org", "no address of a Docker host"),
        ("tcp://host", "has no port"),
        ("tcp://host:70000", "not a number from 1 to 65535"),
        ("ssh://", "names no host"),
        ("ssh://me:secret@host", "must hold no password"),
    ],
)
def test_addresses_that_are_refused(address: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ComposeSettings(docker_host=address)


def test_certificates_are_for_tcp_alone() -> None:
    assert ComposeSettings(docker_host="tcp://host:2376", tls_folder="/certs").tls_folder == "/certs"
    with pytest.raises(ValidationError, match="tls_folder is for a docker_host"):
        ComposeSettings(docker_host="ssh://host", tls_folder="/certs")
