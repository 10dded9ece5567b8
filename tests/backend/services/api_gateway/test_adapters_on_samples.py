"""The adapters read recorded answers of the real providers.

The recordings are no part of the project: the folder is named by PROVIDER_SAMPLES, and without it the tests
on recordings have no cases. The formats themselves are covered against the simulator too.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.outcomes import ContractError, HttpAnswer
from backend.services.api_gateway.providers import (
    beatport,
    client_credentials,
    deezer,
    discogs,
    itunes,
    lastfm,
    reading,
    spotify,
)
from backend.services.api_gateway.providers.adapter import ProviderRequest
from tests.backend.services.api_gateway.conftest import sample_files
from tests.backend.services.api_gateway.samples import check, check_refused, read


@pytest.mark.parametrize("file", sample_files("spotify/*.json"), ids=lambda file: file.name)
def test_spotify_recordings(file: Path) -> None:
    payload = read(file)
    tracks = payload.get("tracks")
    if payload.get("type") == "track":
        expected, candidates = [payload], list(spotify.parse_lookup(payload))
    elif isinstance(tracks, dict) and "type" not in payload:
        expected, candidates = tracks["items"], list(spotify.parse_search(payload))
    elif tracks is not None:  # an album, a playlist, or several tracks at once
        listed = tracks["items"] if isinstance(tracks, dict) else tracks
        expected = [each for each in listed if each and each.get("type") == "track"]
        candidates = [spotify.parse_track(track) for track in expected]
    elif "access_token" in payload:
        client_credentials.check_token(payload)
        return
    else:  # an error, an artist, audio features
        check_refused(payload, spotify.parse_search)
        return
    assert [candidate.provider_id for candidate in candidates] == [each["id"] for each in expected if each]
    for candidate in candidates:
        check(candidate)
        assert candidate.duration_ms
        assert len(candidate.provider_id) == 22


@pytest.mark.parametrize("file", sample_files("deezer/*.json"), ids=lambda file: file.name)
def test_deezer_recordings(file: Path) -> None:
    payload = read(file)
    if "error" in payload:
        assert deezer_judges(file) is not Outcome.OK
        return
    assert deezer_judges(file) is Outcome.OK
    listed = payload.get("data", (payload.get("tracks") or {}).get("data", []))
    if payload.get("type") == "track":
        (candidate,) = deezer.parse_lookup(payload)
        assert (candidate.bpm is None) == (not payload.get("bpm"))
        assert candidate.isrc == reading.isrc(payload.get("isrc"))
        candidates = [candidate]
    elif "data" in payload and all(each.get("type") == "track" for each in listed):
        candidates = list(deezer.parse_search(payload))
        assert [candidate.provider_id for candidate in candidates] == [str(each["id"]) for each in listed]
    else:  # an album or a playlist with its tracks, an artist, a list of these
        if not listed:
            check_refused(payload, deezer.parse_search)
        candidates = [deezer.parse_track(each) for each in listed if each.get("type") == "track"]
    for candidate in candidates:
        check(candidate)


def deezer_judges(file: Path) -> Outcome:
    """What the adapter takes a recorded HTTP 200 for."""
    adapter = deezer.Deezer("http://provider.invalid", "tests")
    request = ProviderRequest("search", "http://provider.invalid/search", deezer.parse_search)
    return adapter.judge(request, HttpAnswer(200, {}, file.read_bytes()), datetime.now(UTC)).outcome


@pytest.mark.parametrize("file", sample_files("discogs/*.json"), ids=lambda file: file.name)
def test_discogs_recordings(file: Path) -> None:
    payload = read(file)
    if "results" in payload:
        assert discogs.check_search(payload) == (None if payload["results"] else ())
        return
    if "tracklist" not in payload:  # an artist, a label, a list of releases, an error
        check_refused(payload, discogs.check_search, discogs.parse_release)
        return
    candidates = discogs.parse_release(payload)
    assert len(candidates) == len([t for t in payload["tracklist"] if t.get("type_", "track") == "track"])
    for candidate in candidates:
        check(candidate)
        assert bool(candidate.label) is bool(payload.get("labels"))
        assert bool(candidate.release_date) is bool(payload.get("released") or payload.get("year"))


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
