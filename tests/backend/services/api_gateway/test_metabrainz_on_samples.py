"""The adapters for MusicBrainz, ListenBrainz and the Cover Art Archive read recorded answers.

As in `test_adapters_on_samples`, the recordings are no part of the project; the forms below that no recording
shows are written after the providers' documentation.
"""

from pathlib import Path
from typing import Any

import pytest

from backend.services.api_gateway.outcomes import ContractError
from backend.services.api_gateway.providers import coverartarchive, listenbrainz, musicbrainz
from tests.backend.services.api_gateway.conftest import sample_files
from tests.backend.services.api_gateway.samples import check, check_refused, read

MBID = "6cc05a3e-d65b-5f6c-8333-d4cc700786d7"
RELEASE = "0a9e2b1c-7d30-5f0e-9a53-2f0f5b1c9d11"


@pytest.mark.parametrize("file", sample_files("musicbrainz/*.json"), ids=lambda file: file.name)
def test_musicbrainz_recordings(file: Path) -> None:
    payload = read(file)
    if "isrc" in payload:
        candidates = list(musicbrainz.parse_isrc(payload))
    elif "recordings" in payload:
        candidates = list(musicbrainz.parse_search(payload))
    elif "artist-credit" in payload and ("video" in payload or "length" in payload):
        candidates = list(musicbrainz.parse_lookup(payload))
    else:  # a release, an artist, a work, an error
        check_refused(payload, musicbrainz.parse_search, musicbrainz.parse_isrc)
        return
    recordings = payload.get("recordings", [payload])
    assert [candidate.provider_id for candidate in candidates] == [each["id"] for each in recordings]
    for candidate, recording in zip(candidates, recordings, strict=True):
        if "artist-credit" in recording:
            check(candidate)
        releases = recording.get("releases") or [{}]
        assert candidate.release_id == releases[0].get("id")


def test_listenbrainz_recordings() -> None:
    for file in sample_files("listenbrainz/*.json"):  # there may be none
        check_listenbrainz(read(file))


def check_listenbrainz(payload: Any) -> None:
    """A match of names, recordings by identifier, or something else."""
    by_identifier = isinstance(payload, dict) and all(
        isinstance(each, dict) and "recording" in each for each in payload.values()
    )
    if isinstance(payload, dict) and "recording_mbid" in payload:
        (candidate,) = listenbrainz.parse_search(payload)
        check(candidate)
        assert candidate.title == payload["recording_name"]
    elif by_identifier and all("name" in each["recording"] for each in payload.values()):
        candidates = listenbrainz.parse_lookup(payload)
        assert [candidate.provider_id for candidate in candidates] == list(payload)
    else:  # listens, statistics, an error, or a recording without its name as before 2023
        check_refused(payload, listenbrainz.parse_search, listenbrainz.parse_lookup)


@pytest.mark.parametrize("file", sample_files("coverartarchive/*.json"), ids=lambda file: file.name)
def test_cover_art_archive_recordings(file: Path) -> None:
    payload = read(file)
    if "images" not in payload:
        check_refused(payload, lambda answer: coverartarchive.parse_index(answer, RELEASE))
        return
    candidates = coverartarchive.parse_index(payload, RELEASE)
    assert len(candidates) == min(1, len(payload["images"]))
    for candidate in candidates:
        assert candidate.artwork_url
        assert not candidate.artwork_url.startswith("http://")


def details(**more: Any) -> dict[str, Any]:
    """A recording's data as ListenBrainz has it."""
    return {
        "recording": {"name": "Strobe (Club Edit)", "length": 637_000, **more},
        "artist": {"name": "deadmau5 & Kaskade", "artists": [{"name": "deadmau5"}, {"name": "Kaskade"}]},
        "tag": {
            "recording": [
                {"count": 9, "tag": "seen live"},
                {"count": 2, "genre_mbid": MBID, "tag": "electronic"},
                {"count": 5, "genre_mbid": MBID, "tag": "progressive house"},
                {"count": 0, "genre_mbid": MBID, "tag": "polka"},
            ],
            "release_group": [{"count": 1, "tag": "house"}],
        },
        "release": {
            "mbid": RELEASE,
            "name": "4x4=12",
            "year": 2010,
            "caa_id": 7,
            "caa_release_mbid": RELEASE,
        },
    }


def test_listenbrainz_puts_genres_before_other_tags_and_leaves_voted_down_ones_out() -> None:
    (candidate,) = listenbrainz.parse_lookup({MBID: details()})
    assert candidate.genres == ["progressive house", "electronic", "seen live"]
    assert (candidate.version, candidate.duration_ms) == ("Club Edit", 637_000)
    assert candidate.artists == ["deadmau5", "Kaskade"]
    assert (candidate.album, candidate.release_id) == ("4x4=12", RELEASE)
    assert candidate.artwork_url == f"https://coverartarchive.org/release/{RELEASE}/7-1200.jpg"


def test_listenbrainz_names_a_date_as_exactly_as_it_is_known() -> None:
    assert listenbrainz.parse_lookup({MBID: details()})[0].release_date == "2010"
    dated = details(first_release_date="2009-09", isrcs=["usus11000351"])
    (candidate,) = listenbrainz.parse_lookup({MBID: dated})
    assert (candidate.release_date, candidate.isrc) == ("2009-09", "USUS11000351")


def test_listenbrainz_match_without_metadata_is_enough() -> None:
    match = {"recording_mbid": MBID, "recording_name": "Strobe", "artist_credit_name": "deadmau5"}
    (candidate,) = listenbrainz.parse_search({**match, "release_mbid": RELEASE, "release_name": "4x4=12"})
    assert (candidate.artists, candidate.album, candidate.release_id) == (["deadmau5"], "4x4=12", RELEASE)
    assert (candidate.genres, candidate.artwork_url) == ([], None)


def test_a_listenbrainz_recording_without_a_name_is_refused() -> None:
    with pytest.raises(ContractError, match="no usable 'name'"):
        listenbrainz.parse_lookup({MBID: {"recording": {"rels": []}}})


def image(number: int, **more: Any) -> dict[str, Any]:
    """An entry of a release's list of pictures."""
    return {"id": number, "front": False, "approved": True, "image": f"http://caa/{number}.jpg", **more}


@pytest.mark.parametrize(
    ("images", "address"),
    [
        ([image(1), image(2, front=True)], "https://caa/2.jpg"),
        ([image(1, approved=False), image(2)], "https://caa/2.jpg"),
        ([image(1, thumbnails={"500": "http://caa/1-500.jpg"})], "https://caa/1-500.jpg"),
        (
            [image(1, thumbnails={"small": "https://caa/s.jpg", "1200": "https://caa/l.jpg"})],
            "https://caa/l.jpg",
        ),
        (
            [image(1, thumbnails={"large": "http://caa/l.jpg", "small": "http://caa/s.jpg"})],
            "https://caa/l.jpg",
        ),
    ],
)
def test_the_front_cover_in_its_largest_thumbnail(images: list[dict[str, Any]], address: str) -> None:
    (candidate,) = coverartarchive.parse_index({"images": images}, RELEASE)
    assert (candidate.artwork_url, candidate.release_id) == (address, RELEASE)
