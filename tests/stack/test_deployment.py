"""The main job: deploy on an empty sandbox, and everything the playbook asks of the result."""

import json
import subprocess

import pytest
from psycopg import sql

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY, SERVICES
from backend.contracts.runs import RunState
from backend.database import medallion
from backend.deployment.checks.smoke import TABLES
from tests.conftest import MIGRATIONS
from tests.fixtures.sandbox import Sandbox

pytestmark = pytest.mark.stack


def _curl(*words: str) -> str:
    """The playbook's curl lines, run by curl itself."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", *words], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_all_ten_steps_are_in_the_receipt(deployed: Sandbox) -> None:
    run = deployed.newest_run()
    assert run.state is RunState.SUCCEEDED
    assert [s.state.value for s in run.steps] == ["done"] * 9 + ["skipped"]
    assert all(
        c.state.value in ("met", "not applicable", "warning") for s in run.steps[:9] for c in s.criteria
    )
    assert all(c.evidence for s in run.steps[:9] for c in s.criteria)


def test_the_dead_letter_manager_knows_when_it_was_deployed(deployed: Sandbox) -> None:
    run = deployed.newest_run()
    with deployed.target.operations_database().connect() as connection:
        found = connection.execute(
            "SELECT subject, started_at, ended_at FROM dead_letters.intervals WHERE source_key = %s",
            (f"run/{run.id}/1",),
        ).fetchall()
    [(subject, began, ended)] = found
    assert subject == deployed.environment.name
    assert run.created_at < began < ended


def test_health_smoke_and_status_commands_agree(deployed: Sandbox) -> None:
    health = deployed.command("health", "--wait", "--timeout", "60")
    assert health.returncode == 0, health.stdout
    smoke = deployed.command("smoke", "--verbose")
    assert smoke.returncode == 0, smoke.stdout
    status = deployed.command("status", "--json")
    events = [json.loads(line) for line in status.stdout.splitlines()]
    services = {s["name"]: s["state"] for s in events[0]["services"]}
    assert {services[name] for name in SERVICES} == {"healthy"}


def test_the_playbooks_curl_lines(deployed: Sandbox) -> None:
    url = deployed.environment.url
    assert json.loads(_curl(f"{url(ENRICHMENT)}/health"))["status"] == "healthy"
    assert json.loads(_curl(f"{url(ENRICHMENT)}/admin/config"))["waterfall_sources"]
    clients = json.loads(_curl(f"{url(GATEWAY)}/health"))["api_clients"]
    assert {c["circuit_breaker"]["state"] for c in clients.values()} == {"closed"}
    body = '{"artist_name":"Test","track_title":"Test"}'
    answer = _curl(f"{url(GATEWAY)}/api/spotify/search", "-X", "POST", "-d", body)
    assert json.loads(answer)["status"] in ("success", "partial")
    assert isinstance(json.loads(_curl(f"{url(DLQ_MANAGER)}/dlq/stats"))["total_pending"], int)


def test_the_playbooks_end_to_end_test(deployed: Sandbox) -> None:
    request = {"track_id": "test-e2e-001", "artist_name": "Deadmau5", "track_title": "Strobe"}
    url = f"{deployed.environment.url(ENRICHMENT)}/enrich"
    header = "Content-Type: application/json"
    answer = json.loads(_curl("-X", "POST", url, "-H", header, "-d", json.dumps(request)))
    assert answer["status"] in ("completed", "partial", "cached")
    assert answer["metadata_acquired"]
    for table in ("raw_track_enrichment_requests", "enrichment_requests", "enriched_tracks"):
        assert deployed.ask(f"SELECT count(*) FROM {table} WHERE track_id = 'test-e2e-001'") == 1, table


def test_the_consoles_end_to_end_page_reads_the_same_rows(deployed: Sandbox) -> None:
    request = EnrichRequest(track_id="test-e2e-002", artist_name="Deadmau5", track_title="Strobe")
    result = deployed.composition.stack().end_to_end("sandbox", request)
    assert result.http_status == 200
    assert (len(result.rows.bronze), len(result.rows.silver), len(result.rows.gold)) == (1, 1, 1)
    assert result.rows.gold[0]["artist_name"].lower() == "deadmau5"


def test_every_table_of_the_playbook_exists(deployed: Sandbox) -> None:
    present = medallion.table_names(deployed.musicdb)
    assert {name for names in TABLES.values() for name in names} <= present
    applied = sum(1 for folder in (MIGRATIONS / "medallion").iterdir() if folder.is_dir())
    assert deployed.ask("SELECT count(*) FROM schema_migrations WHERE success") == applied


def test_a_dry_run_changes_nothing(deployed: Sandbox) -> None:
    files, rows = deployed.files(), _contents(deployed)
    done = deployed.command("deploy", "--dry-run")
    assert done.returncode == 0
    assert "Back up database" in done.stdout
    assert deployed.files() == files
    assert _contents(deployed) == rows


def _contents(deployed: Sandbox) -> dict[str, str]:
    """A digest of every table's rows. PostgreSQL's own counters may be ten seconds late."""
    with deployed.musicdb.connect(autocommit=True) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        digest = sql.SQL("SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {} AS t")
        return {
            name: str(connection.execute(digest.format(sql.Identifier(name))).fetchall()) for (name,) in names
        }


def test_down_and_up_bring_the_same_release_back(deployed: Sandbox) -> None:
    release = deployed.newest_run().plan.release
    assert deployed.command("down").returncode == 0
    assert deployed.target.supervisor.states() == {}
    up = deployed.command("up")
    assert up.returncode == 0
    assert "unknown" not in up.stdout
    assert deployed.command("health", "--wait", "--timeout", "60").returncode == 0
    assert {s.release for s in deployed.target.services() if s.name in SERVICES} == {release}


def test_dry_run_on_an_empty_machine_creates_no_file(sandbox: Sandbox) -> None:
    before = sandbox.files()
    done = sandbox.command("deploy", "--dry-run", "--json")
    assert done.returncode == 0
    plan = json.loads(done.stdout.splitlines()[0])
    assert len(plan["steps"]) == 10
    assert sandbox.files() == before
    assert not (sandbox.home.root / "environments").exists()
