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
        ("release_date", {"release_date": "2009-00-00"}, "2009"),
        ("release_date", {"release_date": "2009-09-00"}, "2009-09"),
        ("release_date", {"release_date": "1970-01-01"}, None),
        ("release_date", {"release_date": "1970-01-02"}, "1970-01-02"),
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
        ("isrc", {"isrc": "GBTDG0900141\n"}),
        ("bpm", {"bpm": 300.0}),
        ("bpm", {"bpm": 12.0}),
        ("release_date", {"release_date": "2009-02-30"}),
        ("release_date", {"release_date": "3009"}),
        ("release_date", {"release_date": "22.09.2009"}),
        ("release_date", {"release_date": "2009-09-22\n"}),
        ("release_date", {"release_date": "٢٠٠٩"}),
        ("duration_ms", {"duration_ms": 12}),
        ("genres", {"genres": ["1979", "read more"]}),
        ("artwork_url", {"artwork_url": "https://x/images/cover//1000x1000-000000-80-0-0.jpg"}),
        ("artwork_url", {"artwork_url": "https://x/cover/d41d8cd98f00b204e9800998ecf8427e/1000x1000.jpg"}),
        ("artwork_url", {"artwork_url": "https://x/NoImage.png"}),
        ("artwork_url", {"artwork_url": "ftp://x/cover.jpg"}),
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
        ("F sharp minor", "F# minor", "11A"),
        ("B-flat Major", "Bb major", "6B"),
        ("a-moll", "A minor", "8A"),
        ("8A", "A minor", "8A"),
        ("08b", "C major", "8B"),
        ("1m", "A minor", "8A"),
        ("1d", "C major", "8B"),
        ("6d", "B major", "1B"),
        ("12m", "D minor", "7A"),
    ],
)
def test_keys_and_the_camelot_wheel(text: str, key: str, code: str) -> None:
    assert canonical_key(text) == key
    assert camelot(key) == code


FIFTHS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "Ab", "Eb", "Bb", "F")
"""Upwards in fifths, from 8B on the wheel."""
SPELLINGS = {
    "C": ("C", "B#"),
    "C#": ("C#", "Db"),
    "Eb": ("Eb", "D#"),
    "E": ("E", "Fb"),
    "F": ("F", "E#"),
    "F#": ("F#", "Gb"),
    "Ab": ("Ab", "G#"),
    "Bb": ("Bb", "A#"),
    "B": ("B", "Cb"),
}


@pytest.mark.parametrize("steps", range(12))
def test_the_wheel_goes_up_in_fifths_with_the_relative_minor_beside(steps: int) -> None:
    place = (7 + steps) % 12 + 1
    tonic, relative = FIFTHS[steps], FIFTHS[(steps + 3) % 12]
    assert camelot(f"{tonic} major") == f"{place}B"
    assert camelot(f"{relative} minor") == f"{place}A"
    assert canonical_key(f"{place}B") == f"{tonic} major"
    assert canonical_key(f"{place}A") == f"{relative} minor"
    assert canonical_key(f"{steps + 1}d") == f"{tonic} major"
    assert canonical_key(f"{steps + 1}m") == f"{relative} minor"
    for spelling in SPELLINGS.get(tonic, (tonic,)):
        assert canonical_key(f"{spelling} major") == canonical_key(spelling) == f"{tonic} major"
        assert canonical_key(f"{spelling}m") == canonical_key(f"{spelling} MIN") == f"{tonic} minor"


NO_KEYS = ["H moll", "B dur", "b moll", "13A", "0A", "8C", "o", "C## major", "", "A maj7"]


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_no_key_or_could_be_two(text: str) -> None:
    assert canonical_key(text) is None
