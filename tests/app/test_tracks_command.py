"""`main.py tracks find`, `show` and `inspect`, as an operator types them, against stored rows."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from psycopg.types.json import Jsonb

from app.command_line import main
from backend.contracts.gateway import TrackCandidate
from backend.database.address import DatabaseAddress
from backend.secret_files import SecretFiles
from backend.services.metadata_enrichment.app import create_app
from backend.services.metadata_enrichment.matching.judging import Wanted
from backend.services.metadata_enrichment.matching.selection import select
from tests.backend.services.metadata_enrichment.serving import TOKEN, settings_for
from tests.fixtures.provider_simulator import serving
from tests.fixtures.sandbox import new_sandbox

Run = Callable[..., tuple[int, str, str]]

_STORE = """
WITH raw AS (
    INSERT INTO raw_track_enrichment_requests
        (track_id, artist_name, track_title, request, correlation_id, source)
    VALUES ('set-1/strobe', 'Deadmau5', 'Strobe', '{}', 'c', 'api') RETURNING id
), response AS (
    INSERT INTO raw_api_responses (provider, endpoint, outcome) VALUES ('spotify', 'search', 'ok')
    RETURNING id
), request AS (
    INSERT INTO enrichment_requests (track_id, artist_name, track_title, status, correlation_id,
        raw_request_id, source, config_version, finished_at)
    SELECT 'set-1/strobe', 'Deadmau5', 'Strobe', 'completed', 'c', id, 'api', 1, now() FROM raw RETURNING id
), gold AS (
    INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, track_title, completeness,
        is_complete, config_version, request_id)
    SELECT 'set-1/strobe', 'Deadmau5', 'Strobe', 'Strobe', 0.8, true, 1, id FROM request RETURNING track_id
), step AS (
    INSERT INTO enrichment_transformations (request_id, track_id, field, position, provider, outcome,
        input_value, output_value, confidence)
    SELECT id, 'set-1/strobe', 'track_title', 2, 'spotify', 'used', '"Strobe"', '"Strobe"', 0.97 FROM request
), disagreement AS (
    INSERT INTO field_disagreements (request_id, track_id, field, policy, winner, winning_value, others)
    SELECT id, 'set-1/strobe', 'label', 'first', 'spotify', '"mau5trap"', '{"discogs": "Ultra"}' FROM request
), provenance AS (
    INSERT INTO field_provenance (track_id, field, provider, position, confidence, current_value,
        raw_response_id, request_id, config_version)
    SELECT gold.track_id, 'track_title', 'spotify', 2, 0.97, '"Strobe"', response.id, request.id, 1
    FROM gold, request, response
)
SELECT request.id, response.id FROM request, response
"""
_ANSWER = """
INSERT INTO api_responses (request_id, track_id, provider, operation, outcome, raw_response_id,
    provider_track_id, candidate, match_probability, match_features, chosen)
VALUES (%s, 'set-1/strobe', 'spotify', 'search', 'ok', %s, %s, %s, %s, %s, %s)
"""


@pytest.fixture
def stored(musicdb: DatabaseAddress) -> None:
    """One track, with two candidates of one source."""
    names = ("Strobe", "Strobe (Radio Edit)")
    found = [TrackCandidate(provider="spotify", provider_id=n, title=n, artists=["deadmau5"]) for n in names]
    selection = select(Wanted("Deadmau5", "Strobe"), {"spotify": found})["spotify"]
    with musicdb.connect() as connection:
        request, response = connection.execute(_STORE).fetchone() or (None, None)
        for one in selection.judgements:
            shown = Jsonb(one.candidate.model_dump(mode="json"))
            values = (shown, one.probability, Jsonb(one.explanation()), one == selection.chosen)
            connection.execute(_ANSWER, (request, response, one.candidate.provider_id, *values))


@pytest.fixture
def run(
    stored: None,
    musicdb: DatabaseAddress,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Runs `main.py tracks WORDS` on a sandbox of which the enrichment service alone runs."""
    sandbox = new_sandbox(tmp_path)
    SecretFiles(sandbox.home.environment("sandbox").secrets).put("admin_token", TOKEN)
    monkeypatch.setenv("SONGNODES_HOME", str(sandbox.home.root))
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())

    def typed(*words: str) -> tuple[int, str, str]:
        code = main(["tracks", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    with serving(create_app(settings_for(musicdb, "no_broker_here"))) as url:
        sandbox.write_profile(f"[ports]\nenrichment = {url.rsplit(':', 1)[1]}\n")
        yield typed
    structlog.reset_defaults()


def events(output: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    assert lines.pop() == {"event": "end", "exit_code": 0}
    return lines


def test_a_track_is_found_and_shown_with_everything_behind_it(run: Run) -> None:
    code, listed, _ = run("find", "strobe", "dead")
    assert code == 0
    assert "completed    80%  set-1/strobe  Deadmau5 – Strobe" in listed
    assert [event["track_id"] for event in events(run("find", "STROBE", "--json")[1])] == ["set-1/strobe"]
    code, listed, _ = run("find", "insomnia")
    assert (code, "No track on sandbox has all of these words." in listed) == (0, True)

    code, shown, _ = run("show", "set-1/strobe")
    assert code == 0
    assert "spotify: matched (ok, 1 call)" in shown
    assert "→ " in shown
    assert "deadmau5 – Strobe (Radio Edit)  ruled out: other version" in shown
    assert "the same name: Strobe" in shown
    assert "asked for: original; offered: radio edit" in shown
    assert "track_title      2. spotify       used 0.970 of 0.75  Strobe" in shown
    assert "track_title      Strobe  from spotify at " in shown
    assert "label: spotify was taken by the policy 'first'; discogs: Ultra" in shown
    (event,) = events(run("show", "set-1/strobe", "--json")[1])
    assert (event["event"], event["values"]) == ("inspection", {"track_title": "Strobe"})
    assert event["lineage"][0]["endpoint"] == "search"


def test_what_is_not_there_or_not_allowed_has_its_code(run: Run) -> None:
    code, _, errors = run("show", "nothing")
    assert code == 64
    assert "The track 'nothing' was never asked for." in errors
    code, _, errors = run("inspect", "--artist", "", "--title", "Strobe")
    assert (code, "artist_name" in errors) == (64, True)


def test_asking_without_a_gateway_shows_that_nobody_answered(run: Run) -> None:
    code, shown, _ = run("inspect", "--artist", "Deadmau5", "--title", "Strobe")
    assert code == 0
    assert "Deadmau5 – Strobe" in shown
    assert "asked for just now" in shown
    assert "spotify: no answer (failure, 1 call): the gateway does not answer: ConnectError" in shown
