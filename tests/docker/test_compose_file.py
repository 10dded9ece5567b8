"""The Compose file is taken by both forms of Compose, explains its variables and holds no secret."""

import json
import re
from typing import Any

import pytest

from backend.contracts.environment import SERVICES
from backend.contracts.provider_registry import REGISTRATIONS
from tests.docker.stack import ComposeStack
from tests.fixtures.docker_engine import DockerEngine
from tests.fixtures.docker_stand_ins import ROOT

_TEXT = (ROOT / "docker-compose.yml").read_text()
_FIXED_NAMES = {
    "postgres", "redis", "rabbitmq", *SERVICES, "prometheus", "alertmanager", "grafana", "provider-simulator",
}  # fmt: skip


@pytest.fixture(scope="module")
def configuration(docker_engine: DockerEngine) -> dict[str, Any]:
    command = (*docker_engine.compose, "--profile", "*", "config", "--format", "json")
    return dict(json.loads(docker_engine.run(*command).stdout))


def test_both_forms_of_compose_take_it(docker_engine: DockerEngine) -> None:
    versions = [
        docker_engine.run(*form, "version", "--short").stdout
        for form in (docker_engine.compose, docker_engine.old_compose)
    ]
    assert versions[0].startswith("2.")
    assert versions[1].startswith("1.29.")
    docker_engine.run(*docker_engine.compose, "config", "--quiet")
    docker_engine.run(*docker_engine.old_compose, "config", "--quiet")


def test_containers_have_the_names_of_the_playbook(configuration: dict[str, Any]) -> None:
    named = {service.get("container_name") for service in configuration["services"].values()}
    assert named - {None} == _FIXED_NAMES
    assert "container_name" not in configuration["services"]["enrichment-worker"]


def test_every_service_is_limited_pinned_and_restarted(configuration: dict[str, Any]) -> None:
    for name, service in configuration["services"].items():
        assert service["restart"] == "unless-stopped", name
        assert int(service["mem_limit"]) > 0, name
        assert service["pids_limit"] > 0, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("stop_grace_period"), name
        if "build" not in service:
            assert re.search(r":v?\d+\.\d+\.\d+|postgres:\d+\.\d+", service["image"]), name


def test_everything_published_is_on_loopback_by_omission(configuration: dict[str, Any]) -> None:
    published = [port for service in configuration["services"].values() for port in service.get("ports", [])]
    assert len(published) == 8
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_every_variable_is_explained() -> None:
    used = set(re.findall(r"\$\{(\w+)", _TEXT))
    explained = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.M))
    assert used == explained - {"COMPOSE_PROJECT_NAME"}


def test_every_credential_of_a_provider_is_a_secret_of_the_gateway(configuration: dict[str, Any]) -> None:
    given = {secret["source"] for secret in configuration["services"]["api-gateway-internal"]["secrets"]}
    assert given >= {credential.name for one in REGISTRATIONS for credential in one.credentials}


def test_secret_files_are_made_once_and_kept_from_others(compose_stack: ComposeStack) -> None:
    folder = ROOT.__class__(compose_stack.variables["SECRETS_DIR"])
    before = {file.name: file.read_text() for file in folder.iterdir()}
    compose_stack.engine.run(str(ROOT / "scripts" / "create_secrets.sh"), str(folder))
    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    assert folder.stat().st_mode & 0o777 == 0o700
    assert set(before) == set(re.findall(r"^  (\w+): \{file", _TEXT, re.M))
    assert before["redis_password"] in before["redis_url"]


def test_the_lock_of_the_images_is_a_part_of_that_of_the_services() -> None:
    # After a change: the command in docs/decisions/0035 makes requirements/images.txt anew.
    pinned = [set(re.findall(r"^([\w.-]+==\S+)", (ROOT / "requirements" / name).read_text(), re.M))
              for name in ("images.txt", "services.txt")]  # fmt: skip
    assert pinned[0] <= pinned[1]
