"""What iTunes and Beatport write in ways of their own."""

from typing import Any

import pytest

from backend.contracts.gateway import TrackCandidate
from backend.services.api_gateway.outcomes import ContractError
from backend.services.api_gateway.providers import beatport, itunes

SONG = {"wrapperType": "track", "kind": "song", "trackId": 7, "trackName": "Strobe", "artistName": "deadmau5"}
TRACK = {
    "id": 7,
    "name": "Strobe",
    "mix_name": "Original Mix",
    "artists": [{"name": "deadmau5"}],
    "release": {"name": "Strobe", "label": {"name": "mau5trap"}},
}


def song(**more: Any) -> TrackCandidate:
    (found,) = itunes.parse_songs({"results": [{**SONG, **more}]})
    return found


def track(**more: Any) -> TrackCandidate:
    (found,) = beatport.parse_lookup({**TRACK, **more})
    return found


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2009-09-22T12:00:00Z", "2009-09-22"),
        ("2009-09-22T07:00:00Z", "2009-09-22"),
        ("1900-01-01T12:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_itunes_writes_a_moment_for_a_day_and_1900_for_unknown(given: str | None, read: str | None) -> None:
    assert song(releaseDate=given).release_date == read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("Strobe - Single", "Strobe"),
        ("Strobe - EP", "Strobe"),
        ("Strobe", "Strobe"),
        ("Single - The Album", "Single - The Album"),
        (None, None),
    ],
)
def test_itunes_adds_the_kind_of_release_to_its_name(given: str | None, read: str | None) -> None:
    assert song(collectionName=given).album == read


@pytest.mark.parametrize(
    ("given", "read"),
    [("explicit", True), ("cleaned", False), ("notExplicit", False), ("?", None), (None, None)],
)
def test_itunes_has_three_words_for_explicit(given: str | None, read: bool | None) -> None:
    assert song(trackExplicitness=given).explicit is read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://a.invalid/x.jpg/100x100bb.jpg", "https://a.invalid/x.jpg/1000x1000bb.jpg"),
        ("https://a.invalid/100x100bb/x.jpg", "https://a.invalid/100x100bb/x.jpg"),
        (None, None),
    ],
)
def test_itunes_pictures_are_asked_for_in_a_useful_size(given: str | None, read: str | None) -> None:
    assert song(artworkUrl100=given).artwork_url == read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("R&B/Soul", ["R&B", "Soul"]),
        ("Dance", ["Dance"]),
        ("Singer/Songwriter", ["Singer/Songwriter"]),
        (None, []),
    ],
)
def test_itunes_has_one_coarse_genre_two_of_them_double(given: str | None, read: list[str]) -> None:
    assert song(primaryGenreName=given).genres == read


def test_itunes_songs_stand_among_albums_artists_and_videos() -> None:
    others = [{"wrapperType": "collection"}, {"wrapperType": "artist"}, {**SONG, "kind": "music-video"}]
    assert [found.provider_id for found in itunes.parse_songs({"results": [*others, SONG]})] == ["7"]


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [
        ({"length_ms": 637_123, "length": "10:37"}, 637_123),
        ({"length_ms": None, "length": "10:37"}, 637_000),
        ({"length_ms": 0, "length": "0:00"}, None),
        ({}, None),
    ],
)
def test_beatport_gives_a_length_twice_or_not_at_all(given: dict[str, Any], milliseconds: int | None) -> None:
    assert track(**given).duration_ms == milliseconds


@pytest.mark.parametrize(
    ("given", "date"),
    [
        ({"new_release_date": "2001-03-12", "publish_date": "2005-01-24"}, "2001-03-12"),
        ({"publish_date": "2005-01-24"}, "2005-01-24"),
        ({}, None),
    ],
)
def test_beatports_date_is_the_releases_before_the_shops(given: dict[str, Any], date: str | None) -> None:
    assert track(**given).release_date == date


@pytest.mark.parametrize(
    ("name", "mix", "title"),
    [
        ("Strobe", "Original Mix", "Strobe"),
        ("Strobe", "Michael Woods Remix", "Strobe (Michael Woods Remix)"),
        ("Strobe (Club Edit)", "Club Edit", "Strobe (Club Edit)"),
        ("Strobe", None, "Strobe"),
    ],
)
def test_beatports_title_is_the_one_it_shows(name: str, mix: str | None, title: str) -> None:
    found = track(name=name, mix_name=mix)
    assert (found.title, found.version) == (title, mix)


@pytest.mark.parametrize(
    ("shelf", "genres"),
    [
        ("Techno (Peak Time / Driving)", ["Techno"]),
        ("Nu Disco / Disco", ["Nu Disco", "Disco"]),
        ("Melodic House & Techno", ["Melodic House", "Melodic Techno"]),
        ("Drum & Bass", ["Drum & Bass"]),
    ],
)
def test_beatports_shelves_hold_several_genres(shelf: str, genres: list[str]) -> None:
    assert track(genre={"name": shelf}, sub_genre=None).genres == genres


def test_beatport_tells_what_djs_ask_for() -> None:
    found = track(
        bpm=128,
        key={"name": "B Major", "camelot_number": 1, "camelot_letter": "B"},
        genre={"name": "House"},
        sub_genre={"name": "Acid"},
        isrc="GB-DUW-00-00058",
        catalog_number="MAU5025",
    )
    assert (found.bpm, found.key, found.version) == (128, "B Major", "Original Mix")
    assert found.genres == ["House", "Acid"]
    assert (found.isrc, found.label, found.catalogue_number) == ("GBDUW0000058", "mau5trap", "MAU5025")
    assert track(bpm=0, key=None, sub_genre=None).bpm is None


@pytest.mark.parametrize("missing", ["id", "name", "artists", "release"])
def test_a_beatport_track_without_its_basics_breaks_the_contract(missing: str) -> None:
    with pytest.raises(ContractError, match=missing):
        beatport.parse_lookup({name: value for name, value in TRACK.items() if name != missing})
