"""The adapters read recorded answers of the real providers.

The recordings are no part of the project: the folder is named by PROVIDER_SAMPLES, and without it the tests
on recordings have no cases. The formats themselves are covered against the simulator too.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.contracts.gateway import TrackCandidate
from backend.services.api_gateway.outcomes import ContractError, HttpAnswer
from backend.services.api_gateway.providers import (
    beatport,
    client_credentials,
    deezer,
    discogs,
    itunes,
    lastfm,
    musicbrainz,
    spotify,
)
from tests.backend.services.api_gateway.conftest import sample_files


def read(file: Path) -> Any:
    return json.loads(file.read_bytes())


def check(candidate: TrackCandidate) -> None:
    """What holds for every track of every provider."""
    assert candidate.title
    assert candidate.provider_id
    assert candidate.artists
    assert all(candidate.artists)
    assert candidate.duration_ms is None or 1_000 < candidate.duration_ms < 7_200_000
    assert candidate.bpm is None or candidate.bpm > 0
    assert candidate.popularity is None or 0 <= candidate.popularity <= 1


@pytest.mark.parametrize("file", sample_files("spotify/*.json"), ids=lambda file: file.name)
def test_spotify_recordings(file: Path) -> None:
    payload = read(file)
    if "error" in payload:
        with pytest.raises(ContractError):
            spotify.parse_search(payload)
        return
    tracks = payload.get("tracks")
    if isinstance(tracks, dict):
        candidates = list(spotify.parse_search(payload))
        assert len(candidates) == len(tracks["items"])
    else:
        candidates = [spotify.parse_track(track) for track in tracks or [payload]]
        assert candidates
    for candidate in candidates:
        check(candidate)
        assert candidate.duration_ms
        assert len(candidate.provider_id) == 22


@pytest.mark.parametrize("file", sample_files("deezer/*.json"), ids=lambda file: file.name)
def test_deezer_recordings(file: Path) -> None:
    payload = read(file)
    if "error" in payload:
        assert "data" not in payload
    elif "data" in payload:
        candidates = deezer.parse_search(payload)
        assert len(candidates) == len(payload["data"])
        for candidate in candidates:
            check(candidate)
    elif payload.get("type") == "track":
        candidate = deezer.parse_track(payload)
        check(candidate)
        assert (candidate.bpm is None) == (payload["bpm"] == 0)
        assert candidate.isrc == payload["isrc"]
    else:
        for track in payload["tracks"]["data"]:
            check(deezer.parse_track(track))


@pytest.mark.parametrize("file", sample_files("musicbrainz/*.json"), ids=lambda file: file.name)
def test_musicbrainz_recordings(file: Path) -> None:
    payload = read(file)
    if "recordings" in payload:
        candidates = list(musicbrainz.parse_search(payload))
        assert len(candidates) == len(payload["recordings"])
    elif "artist-credit" in payload and "length" in payload:
        candidates = list(musicbrainz.parse_lookup(payload))
        assert len(candidates) == 1
    else:
        with pytest.raises(ContractError):
            musicbrainz.parse_search(payload)
        return
    for candidate in candidates:
        check(candidate)


@pytest.mark.parametrize("file", sample_files("discogs/*.json"), ids=lambda file: file.name)
def test_discogs_recordings(file: Path) -> None:
    payload = read(file)
    if "results" in payload:
        discogs.check_search(payload)
        return
    candidates = discogs.parse_release(payload)
    assert len(candidates) == len([t for t in payload["tracklist"] if t.get("type_", "track") == "track"])
    for candidate in candidates:
        check(candidate)
        assert candidate.label
        assert candidate.release_date


@pytest.mark.parametrize("file", sample_files("lastfm/*"), ids=lambda file: file.name)
def test_lastfm_recordings(file: Path) -> None:
    """XML, as recorded, or JSON."""
    document = lastfm.decode(HttpAnswer(200, {}, file.read_bytes()))
    results = document.get("results")
    if isinstance(results, dict) and "trackmatches" in results:
        candidates = list(lastfm.parse_search(document))
        assert len(candidates) == len(as_list(results["trackmatches"]))
    elif isinstance(document.get("track"), dict):
        (candidate,) = candidates = list(lastfm.parse_lookup(document))
        assert candidate.duration_ms == (int(document["track"].get("duration") or 0) or None)
    else:  # an error, or about something else than tracks
        for parse in (lastfm.parse_search, lastfm.parse_lookup):
            with pytest.raises(ContractError):
                parse(document)
        return
    for candidate in candidates:
        check(candidate)
        assert "2a96cbd8b46e442fc41c2b86b821562f" not in str(candidate.artwork_url)
        assert candidate.isrc is None


def as_list(matches: Any) -> list[Any]:
    """The tracks of a search: a text when there are none, the track itself when there is one."""
    found = matches.get("track", []) if isinstance(matches, dict) else []
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("file", sample_files("itunes/*.json"), ids=lambda file: file.name)
def test_itunes_recordings(file: Path) -> None:
    payload = read(file)
    if "errorMessage" in payload:
        with pytest.raises(ContractError):
            itunes.parse_songs(payload)
        return
    songs = [result for result in payload["results"] if result.get("kind") == "song"]
    candidates = itunes.parse_songs(payload)
    assert [candidate.provider_id for candidate in candidates] == [str(song["trackId"]) for song in songs]
    for candidate, song in zip(candidates, songs, strict=True):
        check(candidate)
        assert candidate.isrc is None
        assert candidate.duration_ms == song.get("trackTimeMillis")
        assert candidate.release_date in {str(song.get("releaseDate"))[:10], None}
        assert candidate.release_date != "1900-01-01"
        if str(song.get("artworkUrl100")).endswith("/100x100bb.jpg"):
            assert str(candidate.artwork_url).endswith("/1000x1000bb.jpg")


@pytest.mark.parametrize("file", sample_files("beatport/*.json"), ids=lambda file: file.name)
def test_beatport_recordings(file: Path) -> None:
    payload = read(file)
    if "access_token" in payload:
        client_credentials.check_token(payload)
        return
    if "tracks" in payload:
        candidates, tracks = beatport.parse_search(payload), payload["tracks"]
    elif all("release" in track for track in payload.get("results", [{}])):
        candidates, tracks = beatport.parse_listing(payload), payload["results"]
    elif "release" in payload:
        candidates, tracks = beatport.parse_lookup(payload), [payload]
    else:  # a release, an account, or tracks named only
        for parse in (beatport.parse_search, beatport.parse_listing, beatport.parse_lookup):
            with pytest.raises(ContractError):
                parse(payload)
        return
    assert [candidate.provider_id for candidate in candidates] == [str(track["id"]) for track in tracks]
    for candidate, track in zip(candidates, tracks, strict=True):
        check(candidate)
        assert candidate.version == track["mix_name"]
        assert candidate.key == (track.get("key") or {}).get("name")
