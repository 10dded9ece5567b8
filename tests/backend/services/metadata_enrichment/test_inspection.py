"""The track inspector over real processes, the simulator and a real database."""

from typing import Any
from uuid import uuid4

import pytest

from backend.http import httpx
from tests.fixtures.service_processes import ADMIN, ENRICHMENT, ServiceProcesses
from tests.waiting import wait_until

pytestmark = pytest.mark.stack


def new_id(name: str) -> str:
    return f"{name}/{uuid4().hex[:8]}"


def path(track_id: str, what: str) -> str:
    return f"/tracks/{track_id.replace('/', '%2F')}/{what}"


def found(services: ServiceProcesses, text: str) -> list[str]:
    reply = httpx.get(f"{services.url(ENRICHMENT)}/tracks", params={"text": text}, headers=ADMIN, timeout=30)
    assert reply.status_code == 200, reply.text
    return [track["track_id"] for track in reply.json()]


@pytest.fixture(scope="module")
def strobe(services: ServiceProcesses) -> str:
    services.heal()
    track = new_id("strobe")
    services.enrich(track, "Deadmau5", "Strobe")
    return track


def test_a_stored_track_is_shown_with_candidates_walk_and_values(
    services: ServiceProcesses, strobe: str
) -> None:
    shown: dict[str, Any] = services.get(ENRICHMENT, path(strobe, "inspection"))
    assert (shown["track_id"], shown["artist_name"], shown["track_title"]) == (strobe, "Deadmau5", "Strobe")
    assert shown["config_version"] == 2
    sources = {source["provider"]: source for source in shown["sources"]}
    spotify = sources["spotify"]
    assert (spotify["outcome"], spotify["verdict"]) == ("ok", "matched")
    assert spotify["response_ids"]
    first = spotify["candidates"][0]
    assert (first["title"], first["chosen"], first["gate"]) == ("Strobe", True, "")
    assert 0.9 < first["probability"] <= 1
    weights = {penalty["name"]: penalty for penalty in first["evidence"]}
    assert weights["title"]["weight"] > 0
    assert weights["title"]["explanation"] == "the same name: Strobe"
    gates = {candidate["gate"] for source in sources.values() for candidate in source["candidates"]}
    assert "other version" in gates
    used = {step["field"]: step for step in shown["walk"] if step["outcome"] == "used"}
    assert used["release_date"]["value"] == shown["values"]["release_date"]
    assert used["release_date"]["min_confidence"] is not None
    assert used["release_date"]["confidence"] >= used["release_date"]["min_confidence"]


def test_every_value_has_its_lineage_back_to_bronze(services: ServiceProcesses, strobe: str) -> None:
    def lineage() -> dict[str, Any]:
        return {entry["field"]: entry for entry in services.get(ENRICHMENT, path(strobe, "lineage"))}

    wait_until(lambda: all(entry["endpoint"] for entry in lineage().values()))
    entries, shown = lineage(), services.get(ENRICHMENT, path(strobe, "inspection"))
    assert {field: entry["value"] for field, entry in entries.items()} == shown["values"]
    title = entries["track_title"]
    assert (title["candidate_title"], title["config_author"]) == ("Strobe", "migration 006")
    assert title["provenance"]["response_id"]
    assert title["fetched_at"]
    assert title["match_probability"] >= title["provenance"]["confidence"]
    only = services.get(ENRICHMENT, path(strobe, "lineage?field=track_title"))
    assert [entry["field"] for entry in only] == ["track_title"]


def test_a_value_kept_from_an_earlier_request_leads_to_that_request(healthy: ServiceProcesses) -> None:
    track = new_id("kept")
    first = healthy.enrich(track, "Daft Punk", "Da Funk")
    healthy.simulator.turn("spotify", error_rate=1.0, enforce_limit=False)
    with healthy.musicdb.connect() as connection:
        connection.execute("UPDATE enriched_tracks SET degraded = true WHERE track_id = %s", (track,))
    healthy.post("api_gateway", "/admin/cache/invalidate?provider=spotify")
    healthy.enrich(track, "Daft Punk", "Da Funk", force_refresh=True)
    entries = {entry["field"]: entry for entry in healthy.get(ENRICHMENT, path(track, "lineage"))}
    assert entries["spotify_id"]["request_id"] == first["request_id"]
    assert entries["spotify_id"]["candidate_title"] == "Da Funk"


def test_tracks_are_found_by_every_word_newest_first(services: ServiceProcesses, strobe: str) -> None:
    other = new_id("other 100%")
    services.enrich(other, "Faithless", "Insomnia")
    assert found(services, "")[:1] == [other]
    assert strobe in found(services, "STROBE dead")
    assert found(services, "strobe faithless") == []
    assert found(services, "0% insomnia") == [other]
    assert found(services, strobe) == [strobe]
    services.enrich(strobe, "Deadmau5", "Strobe")
    tracks = services.get(ENRICHMENT, "/tracks?limit=1")
    assert [(track["track_id"], track["status"]) for track in tracks] == [(strobe, "cached")]
    assert tracks[0]["completeness"] > 0.5


def test_what_nobody_asked_for_is_said_in_a_sentence(services: ServiceProcesses) -> None:
    for what, text in (("inspection", "was never asked for"), ("lineage", "Gold has no value")):
        reply = httpx.get(f"{services.url(ENRICHMENT)}/tracks/nothing/{what}", headers=ADMIN, timeout=30)
        assert reply.status_code == 404
        assert text in reply.json()["detail"]


def test_asking_now_shows_everything_and_writes_nothing_to_silver_and_gold(
    healthy: ServiceProcesses,
) -> None:
    body = {"artist_name": "Deadmau5", "track_title": "Strobe (Club Edit)"}
    before = rows(healthy)
    shown = healthy.post(ENRICHMENT, "/tracks/inspect", body)
    assert rows(healthy) == before
    assert (shown["track_id"], shown["track_title"]) == (None, "Strobe (Club Edit)")
    sources = {source["provider"]: source for source in shown["sources"]}
    assert sources["spotify"]["verdict"] == "matched"
    chosen = [one for one in sources["spotify"]["candidates"] if one["chosen"]]
    assert ["Club Edit" in one["title"] for one in chosen] == [True]
    assert {penalty["name"] for penalty in chosen[0]["evidence"]} >= {
        "title",
        "artist",
        "version",
        "duration",
    }
    assert shown["values"]["spotify_id"] == chosen[0]["provider_id"]
    used = [step for step in shown["walk"] if step["outcome"] == "used"]
    assert {step["field"]: step["value"] for step in used} == shown["values"]
    assert all(step["min_confidence"] is not None for step in used)


def test_providers_that_do_not_answer_are_shown_as_such(healthy: ServiceProcesses) -> None:
    healthy.simulator.turn("spotify", error_rate=1.0, enforce_limit=False)
    body = {"artist_name": "Kaskade", "track_title": "4 AM"}
    sources = healthy.post(ENRICHMENT, "/tracks/inspect", body)["sources"]
    spotify = next(source for source in sources if source["provider"] == "spotify")
    assert (spotify["outcome"], spotify["verdict"]) == ("failure", "no_answer")
    assert spotify["candidates"] == []


def rows(services: ServiceProcesses) -> Any:
    """How many there are in Silver and Gold."""
    tables = ("enrichment_requests", "api_responses", "source_evidence", "enriched_tracks")
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    with services.musicdb.connect() as connection:
        return connection.execute(f"SELECT {counts}".encode()).fetchone()


@pytest.mark.parametrize("where", ["/tracks", "/tracks/t/inspection", "/tracks/t/lineage"])
def test_the_inspector_needs_the_admin_token(services: ServiceProcesses, where: str) -> None:
    assert httpx.get(f"{services.url(ENRICHMENT)}{where}", timeout=30).status_code == 401


def test_rows_from_before_evidence_was_kept_are_shown_as_far_as_they_go(services: ServiceProcesses) -> None:
    track = new_id("old")
    services.enrich(track, "Daft Punk", "One More Time")
    with services.musicdb.connect() as connection:
        connection.execute("DELETE FROM source_evidence WHERE track_id = %s", (track,))
        connection.execute(
            "UPDATE api_responses SET match_features = match_features - 'evidence' WHERE track_id = %s",
            (track,),
        )
    shown = services.get(ENRICHMENT, path(track, "inspection"))
    matched = [source for source in shown["sources"] if source["verdict"] == "matched"]
    assert matched
    evidence = matched[0]["candidates"][0]["evidence"]
    assert {penalty["explanation"] for penalty in evidence} == {"not kept at that time"}
    assert shown["lineage"][0]["match_probability"] > 0.5
