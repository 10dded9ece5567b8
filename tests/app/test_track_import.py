"""`main.py tracks import`, as an operator types it, against the service."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.command_line import main
from backend.database.address import DatabaseAddress
from backend.services.metadata_enrichment.app import create_app
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving
from tests.fixtures.sandbox import new_sandbox
from tests.waiting import wait_until

GOOD, SPOILT = 2500, "t-spoilt,,\n"


@dataclass
class Console:
    """Commands run in this process, and the queue behind the service."""

    capsys: pytest.CaptureFixture[str]
    operations: DatabaseAddress

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output and errors of `main.py tracks import WORDS`."""
        return self.tracks("import", *words)

    def tracks(self, *words: str) -> tuple[int, str, str]:
        """The same of `main.py tracks WORDS`."""
        code = main(["tracks", *words])
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def queued(self) -> list[dict[str, Any]]:
        with self.operations.connect() as connection:
            rows = connection.execute("SELECT body FROM broker.messages ORDER BY id").fetchall()
        return [json.loads(bytes(row[0])) for row in rows]


@pytest.fixture
def console(
    tmp_path: Path,
    musicdb: DatabaseAddress,
    operations_db: DatabaseAddress,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Console]:
    """A sandbox of which the enrichment service alone runs, without a worker."""
    sandbox = new_sandbox(tmp_path / "home")
    monkeypatch.setenv("SONGNODES_HOME", str(sandbox.home.root))
    settings = EnrichmentSettings(
        database_host=musicdb.host,
        database_port=musicdb.port,
        database_user=musicdb.user,
        database_name=musicdb.name,
        operations_database=operations_db.name,
        database_password=SecretStr(musicdb.password or ""),
        gateway_url=f"http://127.0.0.1:{free_port()}",
        worker_concurrency=0,
    )

    def declared() -> bool:
        with operations_db.connect() as connection:
            return connection.execute("SELECT count(*) FROM broker.queues").fetchone() == (3,)

    with serving(create_app(settings)) as url:
        sandbox.write_profile(f"[ports]\nenrichment = {url.rsplit(':', 1)[1]}\n")
        wait_until(declared)
        yield Console(capsys, operations_db)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.csv"
    rows = "".join(f"t-{number},Artist {number},Title {number}\n" for number in range(GOOD))
    path.write_text(f"id,artist,title\n{SPOILT}{rows}t-0,Artist 0,Another title\n")
    return path


def test_a_file_is_queued_and_its_bad_rows_are_written(console: Console, file: Path) -> None:
    bad = file.with_name("bad.jsonl")
    code, said, _ = console.run(str(file), "--bad-rows", str(bad))
    assert code == 1
    assert f"{GOOD + 2} rows: {GOOD} tracks, 1 given twice (the last one counts), 1 left out." in said
    assert "line 2: artist_name is missing; track_title is missing" in said
    assert "queued 100 %" in said
    (row,) = map(json.loads, bad.read_text().splitlines())
    assert (row["line"], row["text"]) == (2, "t-spoilt,,")
    queued = console.queued()
    assert len({one["track_id"] for one in queued}) == len(queued) == GOOD
    assert queued[-1]["track_title"] == "Another title"
    assert len({one["correlation_id"] for one in queued}) == 1


def test_json_events_name_the_run(console: Console, file: Path) -> None:
    file.write_text(file.read_text().replace(SPOILT, ""))
    code, said, _ = console.run(str(file), "--json")
    # The service logs into the same output, in words: it runs in this process.
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert code == 0
    assert [event["done"] for event in events if event["event"] == "progress"] == [1000, 2000, 2500]
    report = next(event for event in events if event["event"] == "import")
    assert (report["queued"], report["good"], report["bad"]) == (GOOD, GOOD, [])
    assert report["correlation_id"] == console.queued()[0]["correlation_id"]
    assert events[-1] == {"event": "end", "exit_code": 0}
    code, said, _ = console.tracks("progress", report["correlation_id"])
    assert (code, f"0 of {GOOD} tracks: 0 complete" in said, f"{GOOD} waiting." in said) == (5, True, True)
    assert console.tracks("progress", "import-unknown")[0] == 64


def test_a_dry_run_queues_nothing_and_needs_no_service(
    console: Console, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SONGNODES_HOME", str(tmp_path / "nothing here"))
    code, said, _ = console.run(str(file), "--dry-run")
    assert (code, "this was a dry run" in said) == (1, True)
    assert console.queued() == []
    assert not (tmp_path / "nothing here").exists()


def test_a_file_or_a_folder_that_cannot_be_used_is_a_usage_error(console: Console, file: Path) -> None:
    code, _, errors = console.run(str(file.with_name("missing.csv")))
    assert (code, "cannot be read" in errors) == (64, True)
    code, _, errors = console.run(str(file), "--bad-rows", str(file.parent / "no folder" / "bad.jsonl"))
    assert (code, "cannot be written" in errors) == (64, True)
    assert console.queued() == []


def test_a_service_that_goes_away_leaves_a_count(console: Console, file: Path) -> None:
    with console.operations.connect() as connection:
        connection.execute(
            "ALTER TABLE broker.messages ADD CHECK (position(convert_to('Title 1500\"', 'UTF8') in body) = 0)"
        )
    code, _, errors = console.run(str(file))
    assert code != 0
    assert f"1000 of {GOOD} tracks were queued, then: " in errors
    assert "Import the file again then" in errors
    assert len(console.queued()) == 1000
