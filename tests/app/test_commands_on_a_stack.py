"""Commands whose answers need a real stack: what they say and the code they end with."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backend.contracts.environment import ENRICHMENT
from tests.fixtures.sandbox import Sandbox, new_sandbox, tear_down

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = new_sandbox(tmp_path_factory.mktemp("home"))
    done = sandbox.command("deploy", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    yield sandbox
    tear_down(sandbox)


def _events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_migrate_says_what_it_did(deployed: Sandbox) -> None:
    pending, end = _events(deployed.command("migrate", "--dry-run", "--json").stdout)
    assert pending == {"event": "migrations", "pending": []}
    assert end == {"event": "end", "exit_code": 0}
    taken_back = _events(deployed.command("migrate", "--rollback", "--yes", "--json").stdout)[-2][
        "taken_back"
    ]
    *_, migrations, end = _events(deployed.command("migrate", "--json").stdout)
    assert taken_back
    assert sorted(migrations["applied"]) == sorted(taken_back)
    assert end == {"event": "end", "exit_code": 0}


def test_up_names_the_service_that_crashed(deployed: Sandbox) -> None:
    assert deployed.command("down").returncode == 0
    release = deployed.newest_run().plan.release
    folder = deployed.home.environment("sandbox").releases / release
    entry = folder / "app/backend/services/metadata_enrichment/__main__.py"
    entry.chmod(0o644)
    entry.write_text('raise SystemExit("this release is broken on purpose")\n')
    done = deployed.command("up")
    assert done.returncode == 1, done.stdout
    assert f"{ENRICHMENT} crashed" in done.stderr
    assert "sandbox/logs" in done.stderr
