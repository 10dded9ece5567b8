"""When two values mean the same."""

from typing import Any

import pytest

from backend.services.metadata_enrichment.waterfall.agreement import agree, is_compared, is_finer
from backend.services.metadata_enrichment.waterfall.voting import voice


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        ("artist_name", "Daft Punk, Pharrell Williams", "Pharrell Williams & daft punk", True),
        ("artist_name", "Sigur Rós", "Sigur Ros", True),
        ("artist_name", "Daft Punk", "Daft Punk, Pharrell Williams", False),
        ("track_title", "Strobe", "Strobe (Original Mix)", True),
        ("track_title", "Strobe", "Strobe (Radio Edit)", False),
        ("track_title", "Strobe - Radio Edit", "Strobe (Radio Edit)", True),
        ("album", "For Lack of a Better Name", "For lack of a better name", True),
        ("label", "mau5trap", "Mau5trap Recordings", True),
        ("label", "mau5trap", "Ultra Records", False),
        ("isrc", "GBTDG0900141", "GBTDG0900142", False),
        ("release_date", "2009", "2009-09-22", True),
        ("release_date", "2009-09", "2009-10-01", False),
        ("duration_ms", 637_000, 635_000, True),
        ("duration_ms", 637_000, 634_999, False),
        ("bpm", 128.0, 127.2, True),
        ("bpm", 128.0, 64.4, True),
        ("bpm", 64.4, 128.0, True),
        ("bpm", 128.0, 126.5, False),
        ("musical_key", "C# minor", "C# minor", True),
        ("musical_key", "C# minor", "E major", False),
        ("genres", ["House", "Techno"], ["Techno"], True),
        ("genres", ["House"], ["Techno"], False),
        ("explicit", True, False, False),
    ],
)
def test_agreement(field: str, one: Any, other: Any, same: bool) -> None:
    assert agree(field, one, other) is same
    assert agree(field, other, one) is same


@pytest.mark.parametrize("field", ["artwork_url", "popularity", "spotify_id"])
def test_what_is_each_providers_own_is_not_compared(field: str) -> None:
    assert not is_compared(field)


def test_a_day_is_finer_than_a_year() -> None:
    assert is_finer("release_date", "2009-09-22", "2009")
    assert not is_finer("release_date", "2009", "2009-09-22")
    assert not is_finer("album", "longer", "short")


def test_sources_that_labels_feed_have_one_voice_except_for_what_they_measure() -> None:
    assert len({voice("isrc", name) for name in ("spotify", "deezer", "itunes")}) == 1
    assert len({voice("bpm", name) for name in ("spotify", "deezer", "itunes")}) == 3
    assert voice("genres", "listenbrainz") == voice("genres", "musicbrainz") != voice("genres", "discogs")
