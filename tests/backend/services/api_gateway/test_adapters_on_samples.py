"""The adapters read recorded answers of the real providers.

The recordings are no part of the project: the folder is named by PROVIDER_SAMPLES, and without it the tests
on recordings have no cases. The formats themselves are covered against the simulator too.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.contracts.gateway import TrackCandidate
from backend.services.api_gateway.outcomes import ContractError
from backend.services.api_gateway.providers import deezer, discogs, musicbrainz, spotify
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
