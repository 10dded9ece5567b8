"""Which deployment a rollback takes back, after failures and partial rollbacks."""

import shutil
from pathlib import Path

import pytest

from app.composition import SOURCE
from backend.contracts.environment import SERVICES
from backend.contracts.runs import RunState
from tests.fixtures.sandbox import Sandbox

pytestmark = pytest.mark.stack


def _running(sandbox: Sandbox) -> set[str]:
    return {s.release for s in sandbox.target.services() if s.name in SERVICES and s.process_id}


def test_services_then_database_can_be_taken_back_one_after_the_other(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    planned = sandbox.command("rollback", "--dry-run").stdout
    assert "pre_rollback_" in planned
    assert "./scripts/migrate_database.sh --environment sandbox --rollback" in planned
    assert sandbox.command("rollback", "--services-only", "--yes").returncode == 0
    assert _running(sandbox) == set()
    again = sandbox.command("rollback", "--services-only", "--yes")
    assert again.returncode == 4
    assert "services could be taken back" in again.stderr
    done = sandbox.command("rollback", "--db-only", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No service runs now" in done.stdout
    assert sandbox.command("rollback", "--yes").returncode == 4


def test_a_failed_deployment_left_as_it_was_is_never_gone_back_to(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    good = sandbox.newest_run().plan.release
    left = sandbox.deploy_broken("--no-rollback")
    assert left.returncode == 1
    assert sandbox.newest_run().state is RunState.FAILED
    assert _running(sandbox) != {good}
    failed = sandbox.deploy_broken()
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert sandbox.newest_run().state is RunState.ROLLED_BACK
    assert _running(sandbox) == {good}
    assert sandbox.command("health", "--wait").returncode == 0


def test_the_outcome_names_the_release_that_runs(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    release = sandbox.newest_run().plan.release
    older = sandbox.target.backups().list()[0].path
    backup = sandbox.target.backups().create("manual", "test", lambda _line: None).path
    for path in (older, backup):
        done = sandbox.command("rollback", "--db-only", "--to-backup", path, "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"Services run release {release}" in done.stdout, done.stdout + done.stderr
        assert sandbox.newest_run().release_after == release
    assert sandbox.command("health", "--wait").returncode == 0


def test_a_migration_without_files_is_named_and_not_overlooked(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    run = sandbox.newest_run().id
    with sandbox.musicdb.connect(autocommit=True) as connection:
        connection.execute(
            "INSERT INTO schema_migrations (migration_name, version, batch, checksum, run)"
            " VALUES ('099_from_elsewhere_up.sql', '099', 9, 'x', %s)",
            (run,),
        )
    done = sandbox.command("rollback", "--db-only", "--yes")
    assert done.returncode == 4
    assert "099_from_elsewhere" in done.stderr
    assert sandbox.ask("SELECT to_regclass('enriched_tracks') IS NOT NULL")


def test_the_database_goes_back_by_the_release_s_own_files(sandbox: Sandbox, tmp_path: Path) -> None:
    """An older version is checked out, which knows less migrations than are applied."""
    assert sandbox.command("deploy", "--yes").returncode == 0
    tree = tmp_path / "older"
    for name in ("app", "backend", "controllers", "resources"):
        shutil.copytree(SOURCE / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SOURCE / "main.py", tree)
    shutil.rmtree(max((tree / "resources/migrations/medallion").iterdir()))
    done = sandbox.command("rollback", "--db-only", "--yes", tree=tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not sandbox.ask("SELECT to_regclass('enriched_tracks') IS NOT NULL")
    assert sandbox.ask("SELECT count(*) FROM schema_migrations WHERE rolled_back_at IS NULL") == 0
