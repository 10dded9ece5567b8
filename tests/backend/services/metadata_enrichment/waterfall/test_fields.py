"""Values, placeholders and impossible values."""

from typing import Any

import pytest

from backend.services.metadata_enrichment.waterfall.fields import is_known, values_of
from backend.services.metadata_enrichment.waterfall.genres import known_genres
from backend.services.metadata_enrichment.waterfall.keys import camelot, canonical_key
from tests.backend.services.metadata_enrichment.candidates import candidate

DNB = ["Progressive House", "Drum and Bass"]


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        ("isrc", {"isrc": "gb-tdg-09-00141"}, "GBTDG0900141"),
        ("isrc", {}, None),
        ("bpm", {"bpm": 0}, None),
        ("bpm", {"bpm": 128.004}, 128.0),
        ("release_date", {"release_date": "2009-09-22"}, "2009-09-22"),
        ("release_date", {"release_date": "2009"}, "2009"),
        ("release_date", {"release_date": "0000-00-00"}, None),
        ("label", {"label": "mau5trap"}, "mau5trap"),
        ("label", {"label": "Not On Label (deadmau5 Self-released)"}, None),
        ("genres", {"genres": ["Progressive House", "drum'n'bass", "seen live", "2009"]}, DNB),
        ("genres", {"genres": ["R&B", "Hip-Hop", "hip hop"]}, ["R&B", "Hip Hop"]),
        ("explicit", {"explicit": False}, False),
        ("popularity", {"popularity": 0.0}, 0.0),
        ("musical_key", {"key": "Gbm"}, "F# minor"),
        ("spotify_id", {"provider_id": "abc"}, "abc"),
        ("deezer_id", {"provider_id": "abc"}, None),
        ("artwork_url", {"artwork_url": "https://i.scdn.co/image/1"}, "https://i.scdn.co/image/1"),
    ],
)
def test_values(field: str, given: dict[str, Any], value: object) -> None:
    found = values_of(candidate("Strobe", "deadmau5", **given))
    assert (found.valid.get(field), found.invalid.get(field)) == (value, None)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("isrc", {"isrc": "not an isrc"}),
        ("bpm", {"bpm": 300.0}),
        ("bpm", {"bpm": 12.0}),
        ("release_date", {"release_date": "2009-02-30"}),
        ("release_date", {"release_date": "3009"}),
        ("release_date", {"release_date": "22.09.2009"}),
        ("duration_ms", {"duration_ms": 12}),
        ("genres", {"genres": ["1979", "read more"]}),
        ("artwork_url", {"artwork_url": "https://x/i/u/2a96cbd8b46e442fc41c2b86b821562f.png"}),
        ("popularity", {"popularity": 62.0}),
        ("musical_key", {"key": "H moll"}),
    ],
)
def test_impossible_values_are_refused(field: str, given: dict[str, Any]) -> None:
    found = values_of(candidate("Strobe", "deadmau5", **given))
    assert field not in found.valid
    assert found.invalid[field]


def test_fields_a_waterfall_may_name() -> None:
    assert all(map(is_known, ("bpm", "beatport_id", "coverartarchive_id", "energy", "valence")))
    assert not any(map(is_known, ("mood", "napster_id", "_id")))


def test_genres_come_in_one_spelling_and_once() -> None:
    assert known_genres(["electronic", "Electronic", "Synth-pop", "UK GARAGE"]) == [
        *("Electronic", "Synthpop", "UK Garage"),
    ]


@pytest.mark.parametrize(
    ("text", "key", "code"),
    [
        ("A minor", "A minor", "8A"),
        ("C", "C major", "8B"),
        ("d♭", "C# major", "3B"),
        ("G#m", "Ab minor", "1A"),
        ("Eb Minor", "Eb minor", "2A"),
    ],
)
def test_keys_and_the_camelot_wheel(text: str, key: str, code: str) -> None:
    assert canonical_key(text) == key
    assert camelot(key) == code


def test_every_key_has_its_own_place_on_the_wheel() -> None:
    tonics = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    codes = {camelot(f"{tonic} {mode}") for tonic in tonics for mode in ("major", "minor")}
    assert len(codes) == 24
