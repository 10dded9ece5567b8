"""The stack on a real engine: images built once, containers started once for each file that needs them."""

from collections.abc import Iterator
from functools import partial

import pytest

from backend.http import httpx
from tests.docker.stack import OWN_IMAGES, STARTED, ComposeStack
from tests.fixtures.docker_engine import DockerEngine
from tests.waiting import wait_until


@pytest.fixture(scope="session")
def compose_stack(docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> ComposeStack:
    """A stack that is not started: its images are built."""
    stack = ComposeStack.new(docker_engine, tmp_path_factory.mktemp("compose") / "secrets")
    stack.compose("build", *OWN_IMAGES)
    return stack


@pytest.fixture(scope="module")
def unmigrated_stack(compose_stack: ComposeStack) -> Iterator[ComposeStack]:
    """The stack as `docker compose up` leaves it on empty volumes."""
    compose_stack.compose("up", "--detach", "--no-build", "--scale", "enrichment-worker=2", *STARTED)
    try:
        yield compose_stack
    finally:
        compose_stack.compose("down", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def first_health(unmigrated_stack: ComposeStack) -> dict[str, str]:
    """What each service says of itself before there is any table."""
    said = {}
    for name in ("GATEWAY", "DLQ_MANAGER", "ENRICHMENT"):
        wait_until(partial(_answers_at_all, unmigrated_stack, name), 90)
        said[name] = unmigrated_stack.get(name, "/health").text
    return said


@pytest.fixture(scope="module")
def running_stack(unmigrated_stack: ComposeStack, first_health: dict[str, str]) -> ComposeStack:
    """The migrated stack, every service of it healthy."""
    assert first_health
    unmigrated_stack.migrate()
    for name in ("GATEWAY", "DLQ_MANAGER", "ENRICHMENT"):
        wait_until(partial(_is_healthy, unmigrated_stack, name), 90)
    return unmigrated_stack


def _answers_at_all(stack: ComposeStack, name: str) -> bool:
    try:
        return stack.get(name, "/health").status_code > 0
    except httpx.TransportError:
        return False


def _is_healthy(stack: ComposeStack, name: str) -> bool:
    return _answers_at_all(stack, name) and stack.get(name, "/health").json()["status"] == "healthy"
