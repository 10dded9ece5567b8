"""Deployments and rollbacks on Docker Compose, as a user starts them: one stack, in this order."""

import re
import socket
import sys
from collections.abc import Iterator

import pytest

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY, SERVICES
from backend.contracts.runs import ExitCode
from backend.contracts.stack import ServiceState
from backend.http import httpx
from tests.docker.deployment import ComposeEnvironment, Probe
from tests.fixtures.answering import always, answering
from tests.fixtures.docker_engine import DockerEngine

_ENTRY = "backend/services/dlq_manager/__main__.py"
_GRAFANA = always(200, b'{"database": "ok", "version": "11.6.5"}')


@pytest.fixture(scope="module")
def box(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ComposeEnvironment]:
    with answering(_GRAFANA) as port:
        made = ComposeEnvironment.new(
            docker_engine, tmp_path_factory.mktemp("box"), f"http://127.0.0.1:{port}"
        )
        try:
            yield made
        finally:
            made.remove()


@pytest.fixture(scope="module")
def deployed(box: ComposeEnvironment) -> ComposeEnvironment:
    done = box.deploy()
    assert done.returncode == 0, done.stdout + done.stderr
    return box


def _release(box: ComposeEnvironment) -> str:
    releases = {status.release for status in box.target.services() if status.name in SERVICES}
    assert len(releases) == 1
    return releases.pop()


def test_a_deployment_on_an_empty_engine_ends_well(deployed: ComposeEnvironment) -> None:
    found = {status.name: status for status in deployed.target.services()}
    assert all(found[name].state is ServiceState.HEALTHY for name in SERVICES)
    assert (deployed.source / ".env").stat().st_mode & 0o777 == 0o600
    assert (deployed.source / "secrets").stat().st_mode & 0o777 == 0o700
    health = httpx.get(deployed.url("enrichment", "/health"), timeout=10).json()
    assert health["release"] == _release(deployed)


def test_commands_by_hand_use_the_release_that_is_deployed(deployed: ComposeEnvironment) -> None:
    words = ("docker", "compose", "up", "-d", "--no-deps", GATEWAY)
    before = deployed.running_images()
    said = deployed.engine.run(*words, folder=deployed.source)
    assert "Recreate" not in said.stderr
    assert deployed.running_images() == before


def test_an_update_and_its_rollback_keep_the_former_images(deployed: ComposeEnvironment) -> None:
    former, images = _release(deployed), deployed.running_images()
    deployed.change(_ENTRY, "\n# a changed service\n")
    with Probe(deployed.url("enrichment", "/health")) as probe:
        done = deployed.deploy()
    assert done.returncode == 0, done.stdout + done.stderr
    sys.stdout.write(f"metadata-enrichment in an update: {probe}\n")
    assert deployed.running_images()[DLQ_MANAGER] != images[DLQ_MANAGER]
    assert deployed.image_of(DLQ_MANAGER, f"rollback-{_release(deployed)}") == images[DLQ_MANAGER]

    with Probe(deployed.url("enrichment", "/health")) as probe:
        back = deployed.command("rollback", "--services-only", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr
    sys.stdout.write(f"metadata-enrichment in a rollback: {probe}; {back.stdout.splitlines()[-1]}\n")
    assert _release(deployed) == former
    assert deployed.running_images() == images
    deployed.restore(_ENTRY)


def test_a_moved_tag_does_not_change_what_a_release_is(deployed: ComposeEnvironment) -> None:
    release, images = _release(deployed), deployed.running_images()
    other = deployed.image_of(GATEWAY, release)
    deployed.engine.run("docker", "tag", other, f"songnodes/{DLQ_MANAGER}:{release}")
    deployed.target.start_service(DLQ_MANAGER, release, lambda _source, _text: None)
    assert deployed.running_images()[DLQ_MANAGER] == images[DLQ_MANAGER]


def test_an_image_that_crashes_is_named_and_taken_back(deployed: ComposeEnvironment) -> None:
    former, images = _release(deployed), deployed.running_images()
    (deployed.source / _ENTRY).write_text('raise SystemExit("this release is broken on purpose")\n')
    done = deployed.deploy()
    deployed.restore(_ENTRY)
    assert done.returncode == ExitCode.FAILED
    assert f"{DLQ_MANAGER} crashed: this release is broken on purpose" in done.stdout + done.stderr
    assert _release(deployed) == former
    assert deployed.running_images() == images
    assert httpx.get(deployed.url("dlq_manager", "/health"), timeout=10).status_code == 200


def test_a_build_that_breaks_touches_nothing(deployed: ComposeEnvironment) -> None:
    images = deployed.running_images()
    started = {status.name: status.started_at for status in deployed.target.services()}
    dockerfile = deployed.source / "Dockerfile"
    broken = dockerfile.read_text().replace(
        "FROM runtime AS dlq-manager", "FROM runtime AS dlq-manager\nRUN false"
    )
    dockerfile.write_text(broken)
    done = deployed.deploy()
    deployed.restore("Dockerfile")
    assert done.returncode == ExitCode.FAILED
    assert "docker compose build" in done.stdout + done.stderr
    assert deployed.running_images() == images
    assert {status.name: status.started_at for status in deployed.target.services()} == started


def test_a_taken_port_is_refused_before_anything_changes(deployed: ComposeEnvironment) -> None:
    deployed.engine.run("docker", "stop", ENRICHMENT)
    with socket.create_server(("127.0.0.1", deployed.ports["enrichment"])):
        done = deployed.deploy()
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.REFUSED, said
    assert re.search(rf"Port {deployed.ports['enrichment']}.*in use by another program", said)
    deployed.engine.run("docker", "start", ENRICHMENT)


def test_a_database_that_refuses_the_login_is_refused(deployed: ComposeEnvironment) -> None:
    secret = deployed.source / "secrets" / "database_password"
    right = secret.read_text()
    secret.write_text("another")
    done = deployed.deploy()
    secret.write_text(right)
    assert done.returncode == ExitCode.REFUSED, done.stdout + done.stderr
    assert "password" in done.stdout + done.stderr


def test_down_and_up_bring_the_same_release_back(deployed: ComposeEnvironment) -> None:
    release = _release(deployed)
    assert deployed.command("down").returncode == 0
    assert not [status for status in deployed.target.services() if status.process_id]
    done = deployed.command("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _release(deployed) == release
