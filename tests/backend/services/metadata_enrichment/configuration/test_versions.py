"""The waterfall over HTTP: in force, history, the next version, and what keeps it from being made."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.contracts.waterfall import (
    OnDisagreement,
    VersionSummary,
    WaterfallConfiguration,
    WaterfallConflict,
    WaterfallField,
    WaterfallRefusal,
    WhenUnavailable,
)
from backend.contracts.waterfall_diff import diff
from backend.database.address import DatabaseAddress
from backend.services.metadata_enrichment.configuration import versions
from tests.backend.services.metadata_enrichment.configuration.operator import (
    VERSIONS,
    Operator,
    with_label_threshold,
)


def label_of(configuration: WaterfallConfiguration) -> WaterfallField:
    return next(field for field in configuration.fields if field.field == "label")


def history(operator: Operator, **page: int) -> list[VersionSummary]:
    rows = operator.ask("GET", VERSIONS, params=page).json()
    return [VersionSummary.model_validate(row) for row in rows]


def applied(operator: Operator, least: float, comment: str) -> WaterfallConfiguration:
    """A next version with another threshold."""
    change = operator.change(with_label_threshold(operator.in_force().fields, least), comment=comment)
    answer = operator.apply(change)
    assert answer.status_code == 201, answer.text
    return WaterfallConfiguration.model_validate(answer.json())


def test_the_next_version_is_in_force_with_everything_it_says(operator: Operator) -> None:
    before = operator.in_force()
    fields = [field.model_copy(deep=True) for field in before.fields]
    label = next(field for field in fields if field.field == "label")
    label.sources.reverse()
    label.when_unavailable, label.on_disagreement = WhenUnavailable.WAIT, OnDisagreement.SUREST
    label.keep_days = 90
    fields.append(WaterfallField(field="energy", required_for_gold=False, sources=[]))
    answer = operator.apply(operator.change(fields, comment="  Discogs first for labels  "))
    assert answer.status_code == 201
    made = WaterfallConfiguration.model_validate(answer.json())
    assert (made.version, made.author, made.comment) == (
        before.version + 1,
        "ada@desk",
        "Discogs first for labels",
    )
    assert diff(made.fields, fields) == []
    assert (operator.in_force(), operator.walked()) == (made, made.version)
    newest = history(operator, limit=1)[0]
    assert (newest.version, newest.base_version, newest.in_force) == (made.version, before.version, True)
    assert newest.fields_changed == ["energy", "label"]
    old = operator.ask("GET", f"{VERSIONS}/{before.version}").json()
    assert diff(WaterfallConfiguration.model_validate(old).fields, before.fields) == []


def test_a_change_sent_twice_is_applied_once(operator: Operator) -> None:
    change = operator.change(with_label_threshold(operator.in_force().fields, 0.31), comment="sent twice")
    first, second = operator.apply(change), operator.apply(change)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert history(operator, limit=2)[1].version == change.base_version


def test_an_older_base_is_a_conflict_that_shows_what_came_first(operator: Operator) -> None:
    stale = operator.change(with_label_threshold(operator.in_force().fields, 0.32), comment="too late")
    newer = applied(operator, 0.33, "first")
    answer = operator.apply(stale)
    assert answer.status_code == 409
    conflict = WaterfallConflict.model_validate(answer.json())
    assert conflict.in_force == newer
    assert f"Version {newer.version} by ada@desk is in force" in conflict.detail
    assert operator.in_force() == newer


def test_of_many_changes_at_once_exactly_one_wins(operator: Operator) -> None:
    before = operator.in_force()
    changes = [
        operator.change(
            with_label_threshold(before.fields, 0.4 + n / 100), base=before.version, comment=f"change {n}"
        )
        for n in range(12)
    ]
    with ThreadPoolExecutor(len(changes)) as pool:
        answers = list(pool.map(operator.apply, changes))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 11}
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    assert {answer.json()["in_force"]["version"] for answer in answers if answer.status_code == 409} == {
        winner["version"]
    }
    assert operator.in_force().comment == winner["comment"]
    assert winner["version"] == before.version + 1


def test_going_back_is_a_new_version_with_the_old_content(operator: Operator) -> None:
    old = operator.in_force()
    applied(operator, 0.51, "a mistake")
    comment = f"Revert to version {old.version}: a mistake"
    answer = operator.apply(operator.change(old.fields, comment=comment))
    assert answer.status_code == 201
    assert answer.json()["version"] == old.version + 2
    assert diff(operator.in_force().fields, old.fields) == []


def test_every_problem_is_told_and_nothing_is_changed(operator: Operator) -> None:
    before = operator.in_force()
    fields = [field.model_copy(deep=True) for field in before.fields]
    wrong = label_of(before).model_copy(deep=True, update={"field": "mood\x00"})
    wrong.sources[0].provider = "tidal"
    answer = operator.apply(operator.change([*fields, wrong, fields[0]]))
    assert answer.status_code == 422
    refusal = WaterfallRefusal.model_validate(answer.json())
    assert [(one.field, one.provider) for one in refusal.problems] == [
        ("mood\x00", None),
        ("mood\x00", "tidal"),
        (fields[0].field, None),
    ]
    assert refusal.detail.startswith("Nothing was changed.")
    assert "no provider tidal" in refusal.detail
    assert operator.in_force() == before
    same = operator.apply(operator.change(before.fields))
    assert (same.status_code, "Nothing differs" in same.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"comment": "   "},
        {"comment": "a\x00b"},
        {"author": ""},
        {"fields": []},
        {"fields": [{"field": "bpm", "required_for_gold": False, "sources": [{"provider": "deezer"}]}]},
        {"base_version": "newest"},
    ],
)
def test_a_body_that_cannot_be_meant_is_refused(operator: Operator, wrong: dict[str, Any]) -> None:
    before = operator.in_force()
    body = {**operator.change(before.fields).model_dump(mode="json"), **wrong}
    assert operator.ask("POST", VERSIONS, json=body).status_code == 422
    assert operator.in_force() == before


def test_the_history_is_read_page_by_page(operator: Operator) -> None:
    for n in range(3):
        applied(operator, 0.61 + n / 100, f"step {n}")
    everything = [row.version for row in history(operator, limit=200)]
    assert everything == sorted(everything, reverse=True)
    assert everything[-1] == 1
    first = history(operator, limit=2)
    second = history(operator, limit=200, before=first[-1].version)
    assert [row.version for row in (*first, *second)] == everything
    initial = second[-1]
    assert (initial.base_version, initial.fields_changed, initial.author) == (None, [], "migration 004")
    assert [row.version for row in (*first, *second) if row.in_force] == [everything[0]]


@pytest.mark.parametrize("version", ["0", "99999", "99999999999", "newest"])
def test_a_version_that_is_not_there_is_said_to_be_so(operator: Operator, version: str) -> None:
    answer = operator.ask("GET", f"{VERSIONS}/{version}")
    assert answer.status_code == (404 if version == "99999" else 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/waterfall"),
        ("GET", VERSIONS),
        ("GET", f"{VERSIONS}/1"),
        ("POST", VERSIONS),
        ("GET", "/admin/waterfall/coverage"),
        ("PUT", "/admin/config/field/label?enabled=true"),
    ],
)
def test_without_the_token_nothing_is_told_or_done(operator: Operator, method: str, path: str) -> None:
    assert operator.ask(method, path, token=None).status_code == 401
    assert operator.ask(method, path, token="guess").status_code == 401


def test_a_lock_that_somebody_holds_is_not_waited_for_without_end(
    operator: Operator, music: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    change = operator.change(with_label_threshold(operator.in_force().fields, 0.71))
    with music.connect() as connection:
        connection.execute(versions._LOCK)
        refused = operator.apply(change)
        assert operator.in_force().version == change.base_version
    assert (refused.status_code, "Somebody else" in refused.json()["detail"]) == (503, True)
    assert operator.apply(change).status_code == 201


def test_coverage_counts_values_providers_and_degraded_ones(
    operator: Operator, music: DatabaseAddress
) -> None:
    fill_gold(music)
    rows = {row["field"]: row for row in operator.ask("GET", "/admin/waterfall/coverage").json()}
    assert rows["isrc"] == {
        "field": "isrc",
        "tracks": 4,
        "filled": 3,
        "mean_confidence": pytest.approx(0.8),
        "by_provider": {"spotify": 2, "deezer": 1},
        "degraded": 1,
    }
    assert (rows["bpm"]["tracks"], rows["bpm"]["filled"], rows["bpm"]["mean_confidence"]) == (4, 0, None)
    assert rows["comment"]["filled"] == 1
    assert list(rows) == sorted(rows)


def fill_gold(music: DatabaseAddress) -> None:
    """Four tracks: three with an ISRC, one with a field that no waterfall has any more."""
    values = [
        ("t1", "isrc", "spotify", 0.9, []),
        ("t2", "isrc", "spotify", 0.8, []),
        ("t3", "isrc", "deezer", 0.7, ["spotify"]),
        ("t4", "comment", "discogs", 0.5, []),
    ]
    with music.connect(autocommit=True) as connection:
        connection.execute(
            """INSERT INTO raw_track_enrichment_requests
                   (track_id, artist_name, track_title, request, correlation_id, source)
               SELECT 't' || n, 'a', 't', '{}', 'c', 'api' FROM generate_series(1, 4) n"""
        )
        connection.execute(
            """INSERT INTO enrichment_requests (track_id, artist_name, track_title, status, correlation_id,
                   raw_request_id, source, finished_at)
               SELECT track_id, artist_name, track_title, 'completed', 'c', id, 'api', now()
               FROM raw_track_enrichment_requests"""
        )
        connection.execute(
            """INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, completeness,
                   is_complete, config_version, request_id)
               SELECT track_id, artist_name, track_title, 0.5, false, 1, id FROM enrichment_requests"""
        )
        for track, field, provider, confidence, degraded_by in values:
            connection.execute(
                """INSERT INTO field_provenance (track_id, field, provider, position, confidence,
                       current_value, request_id, config_version, degraded_by)
                   SELECT track_id, %s, %s, 1, %s, '"x"', request_id, 1, %s
                   FROM enriched_tracks WHERE track_id = %s""",
                (field, provider, confidence, degraded_by, track),
            )
