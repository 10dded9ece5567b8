"""Fixtures of the tests that run the whole stack."""

from collections.abc import Iterator

import pytest

from tests.fixtures.sandbox import Sandbox, new_sandbox, tear_down


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with nothing in it."""
    found = new_sandbox(tmp_path_factory.mktemp("home"))
    yield found
    tear_down(found)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with one deployment on it, shared by the tests of a module."""
    found = new_sandbox(tmp_path_factory.mktemp("home"))
    try:
        done = found.command("deploy", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        yield found
    finally:
        # Also after a deployment that failed: its supervisor and its server would stay for ever.
        tear_down(found)
