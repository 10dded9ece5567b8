"""The commands that a rollback's plan names."""

from pathlib import Path

import pytest

from app.environments import Environments
from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY
from backend.home import Home
from backend.targets.local_rollback_commands import rollback_commands

SUPERVISOR = Path("/there/supervisord.conf")


def _commands(
    tmp_path: Path, step: str, services: dict[str, str | None], backup: str | None = None
) -> list[str]:
    home = Home(tmp_path)
    environment = Environments(home).get("sandbox")
    return list(
        rollback_commands(step, environment, home.environment("sandbox"), SUPERVISOR, services, backup)
    )


def test_services_stop_in_the_reverse_order_and_only_those_with_a_release_start(tmp_path: Path) -> None:
    services = {GATEWAY: "2026.11.21-1", DLQ_MANAGER: None, ENRICHMENT: "2026.11.21-1"}
    (stop,) = _commands(tmp_path, "rollback-stop", services)
    assert stop == f"supervisorctl -c {SUPERVISOR} stop {ENRICHMENT} {DLQ_MANAGER} {GATEWAY}"
    start = _commands(tmp_path, "rollback-start", services)
    assert start[-1] == f"supervisorctl -c {SUPERVISOR} start {GATEWAY} {ENRICHMENT}"


def test_nothing_is_typed_where_nothing_moves(tmp_path: Path) -> None:
    assert _commands(tmp_path, "rollback-stop", {}) == []
    assert _commands(tmp_path, "rollback-start", {GATEWAY: None}) == []


@pytest.mark.parametrize(
    ("backup", "program"),
    [("/b/one.dump", "pg_restore "), ("/b/one.sql", "psql "), ("/b/one.sql.gz", "gunzip ")],
)
def test_a_backup_is_loaded_beside_the_database_and_swapped_in(
    tmp_path: Path, backup: str, program: str
) -> None:
    create, load, swap = _commands(tmp_path, "rollback-database", {}, backup)
    assert create.endswith("musicdb_restored")
    assert load.startswith(program)
    assert backup in load
    assert "RENAME TO musicdb_replaced" in swap


def test_no_command_carries_a_secret(tmp_path: Path) -> None:
    for step in ("rollback-backup", "rollback-database", "rollback-verify"):
        assert not any("assword" in line for line in _commands(tmp_path, step, {}))
