"""Rolling back: services, database, everything, and to a backup; each ends where it says."""

import gzip
from pathlib import Path

import pytest

from backend.contracts.environment import SERVICES
from backend.contracts.runs import RunState
from backend.database import medallion
from tests.fixtures.sandbox import Sandbox

pytestmark = pytest.mark.stack


def _releases(sandbox: Sandbox) -> set[str]:
    return {s.release for s in sandbox.target.services() if s.name in SERVICES and s.process_id}


def _enrich(sandbox: Sandbox, track_id: str) -> None:
    with sandbox.client() as client:
        body = {"track_id": track_id, "artist_name": "Deadmau5", "track_title": "Strobe"}
        answer = client.post("metadata-enrichment", "/enrich", body)
    assert answer.ok, answer


def test_services_go_back_to_the_release_before(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    first = sandbox.newest_run().plan.release
    assert sandbox.command("deploy", "--yes").returncode == 0
    second = sandbox.newest_run().plan.release
    assert _releases(sandbox) == {second}
    _enrich(sandbox, "kept-over-the-rollback")
    done = sandbox.command("rollback", "--services-only", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _releases(sandbox) == {first}
    assert sandbox.command("health").returncode == 0
    assert sandbox.ask("SELECT count(*) FROM enriched_tracks WHERE track_id = 'kept-over-the-rollback'") == 1


def test_everything_goes_back_to_an_empty_stack(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    done = sandbox.command("rollback", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _releases(sandbox) == set()
    assert medallion.layer_counts(sandbox.musicdb) is None
    assert any(b.path.rsplit("/", 1)[1].startswith("pre_rollback") for b in sandbox.target.backups().list())
    again = sandbox.command("rollback", "--yes")
    assert again.returncode == 4
    assert "no deployment to roll back" in again.stderr
    assert sandbox.command("deploy", "--yes").returncode == 0


def test_the_database_alone_goes_back(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    release = sandbox.newest_run().plan.release
    done = sandbox.command("rollback", "--db-only", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert medallion.layer_counts(sandbox.musicdb) is None
    assert _releases(sandbox) == {release}
    assert sandbox.ask("SELECT count(*) FROM schema_migrations WHERE success AND rolled_back_at IS NULL") == 0


def test_a_backup_takes_the_place_of_the_database(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    _enrich(sandbox, "in-the-backup")
    backup = sandbox.target.backups().create("manual", "test", lambda _line: None)
    _enrich(sandbox, "after-the-backup")
    done = sandbox.command("rollback", "--db-only", "--to-backup", backup.path, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sandbox.ask("SELECT count(*) FROM enriched_tracks WHERE track_id = 'in-the-backup'") == 1
    assert sandbox.ask("SELECT count(*) FROM enriched_tracks WHERE track_id = 'after-the-backup'") == 0
    assert sandbox.ask("SELECT count(*) FROM pg_database WHERE datname LIKE 'musicdb_replaced%'") == 1
    assert sandbox.command("health", "--wait").returncode == 0
    _refuses_bad_backups(sandbox, tmp_path)


def _refuses_bad_backups(sandbox: Sandbox, folder: Path) -> None:
    good = Path(sandbox.target.backups().list()[0].path).read_bytes()
    bad = {
        "empty.dump": b"",
        "truncated.dump": good[: len(good) // 2],
        "empty.sql": b"",
        "not_a_dump.sql": b"SELECT 1;\n",
        "truncated.sql.gz": gzip.compress(b"-- PostgreSQL database dump\n" * 1000)[:60],
    }
    for name, content in bad.items():
        path = folder / name
        path.write_bytes(content)
        done = sandbox.command("rollback", "--db-only", "--to-backup", str(path), "--yes")
        assert done.returncode != 0, name
        assert name in done.stderr or name in done.stdout
        assert sandbox.ask("SELECT count(*) FROM enriched_tracks WHERE track_id = 'in-the-backup'") == 1


def test_a_failed_service_start_takes_the_services_back(sandbox: Sandbox) -> None:
    assert sandbox.command("deploy", "--yes").returncode == 0
    first = sandbox.newest_run().plan.release
    done = sandbox.deploy_broken()
    assert done.returncode == 1, done.stdout + done.stderr
    assert sandbox.newest_run().state is RunState.ROLLED_BACK
    assert _releases(sandbox) == {first}
    assert "metadata-enrichment" in done.stdout
