"""Coverage is kept up to date by whatever writes Gold, and counts every track that anything is known of."""

from typing import Any

import pytest

from backend.database.address import DatabaseAddress
from backend.services.common.database import Pool
from backend.services.metadata_enrichment.configuration.coverage import coverage
from tests.backend.services.metadata_enrichment.replay.stored import store
from tests.backend.services.metadata_enrichment.replay.synthetic import tracks

TRACKS = tracks(20)
_COUNTED = """
SELECT field, provider, count(*)::int, round(sum(confidence)::numeric, 9)::float8,
    (count(*) FILTER (WHERE degraded_by <> '{}'))::int
FROM field_provenance GROUP BY field, provider ORDER BY field, provider
"""
_KEPT = """
SELECT field, provider, sum(given)::int, round(sum(confidence), 9)::float8, sum(degraded)::int
FROM field_coverage_changes GROUP BY field, provider HAVING sum(given) > 0 ORDER BY field, provider
"""


@pytest.fixture
def gold(musicdb: DatabaseAddress) -> DatabaseAddress:
    """Twenty tracks with stored answers, twelve of them in Gold with two values each."""
    with musicdb.connect() as connection:
        requests = store(connection, TRACKS)
        for number, track in enumerate(TRACKS[:12]):
            row = {"track": track.track_id, "id": requests[track.track_id], "sure": 0.5 + number / 37}
            connection.execute(
                """INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, completeness,
                       is_complete, config_version, request_id)
                   VALUES (%(track)s, 'a', 'b', 1, true, 1, %(id)s)""",
                row,
            )
            connection.execute(
                """INSERT INTO field_provenance (track_id, field, provider, position, confidence,
                       current_value, request_id, config_version)
                   SELECT %(track)s, field, 'deezer', 2, %(sure)s, '1', %(id)s, 1
                   FROM unnest(ARRAY['bpm', 'album']) AS field""",
                row,
            )
    return musicdb


def asked(music: DatabaseAddress, statement: str) -> list[tuple[Any, ...]]:
    with music.connect() as connection:
        return connection.execute(statement.encode()).fetchall()


@pytest.mark.parametrize(
    "change",
    [
        "SELECT 1",
        "UPDATE field_provenance SET provider = 'spotify', degraded_by = '{beatport}' WHERE field = 'bpm'",
        "UPDATE field_provenance SET confidence = confidence / 3",
        "UPDATE field_provenance SET changes = changes + 1",
        "DELETE FROM enriched_tracks WHERE track_id > 'synthetic-5'",
        "DELETE FROM field_provenance",
        "TRUNCATE field_provenance",
        "SELECT sum_up_field_coverage()",
    ],
)
def test_what_is_kept_is_what_counting_would_find(gold: DatabaseAddress, change: str) -> None:
    with gold.connect() as connection:
        connection.execute(change.encode())
    assert asked(gold, _KEPT) == asked(gold, _COUNTED)


def test_a_value_given_once_more_leaves_nothing_to_sum_up(gold: DatabaseAddress) -> None:
    (before,) = asked(gold, "SELECT count(*) FROM field_coverage_changes")
    with gold.connect() as connection:
        connection.execute("UPDATE field_provenance SET changes = changes + 1, found_at = now()")
    assert asked(gold, "SELECT count(*) FROM field_coverage_changes") == [before]


async def test_tracks_without_any_value_count_as_they_do_in_the_preview(
    gold: DatabaseAddress, pool: Pool
) -> None:
    found = {field.field: field for field in await coverage(pool, ["bpm", "label"])}
    assert {name: (field.filled, field.tracks) for name, field in found.items()} == {
        "album": (12, 20),
        "bpm": (12, 20),
        "label": (0, 20),
    }
    assert found["bpm"].by_provider == {"deezer": 12}
    assert found["bpm"].mean_confidence == pytest.approx(sum(0.5 + n / 37 for n in range(12)) / 12)
