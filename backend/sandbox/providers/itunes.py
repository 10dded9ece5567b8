"""Apple's iTunes Search API: song search by words, and look-up by identifier. No account, no ISRC."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction, hexadecimal, number
from backend.sandbox.providers.interruption import receive
from backend.sandbox.search import Clause, Index, words_of

NAME = "itunes"
LIMIT = Limit(calls=20, seconds=60.0)
_WEB = "https://music.apple.com/us"
_STORES = frozenset({"au", "ca", "de", "es", "fr", "gb", "it", "jp", "nl", "se", "us"})
_GENRES = {"Electronic": "Electronic", "Hip Hop": "Hip-Hop/Rap", "Funk / Soul": "R&B/Soul"}
_DANCE = ("House", "Techno", "Trance", "Garage", "Dubstep", "Drum n Bass", "Disco")


@dataclass(frozen=True)
class Song:
    """A recording as the store sells it. Duration in milliseconds."""

    recording: Recording
    id: int
    name: str
    duration_ms: int
    released: str

    @property
    def genre(self) -> str:
        """One coarse genre: club music is Dance, whatever its style."""
        if any(word in self.recording.style for word in _DANCE):
            return "Dance"
        return _GENRES.get(self.recording.genre, self.recording.genre)


def songs(recordings: Sequence[Recording]) -> list[Song]:
    """What the store has: karaoke too, one recording in twelve not."""
    return [
        _song(recording) for recording in recordings if fraction("absent", NAME, *recording.identity) >= 0.08
    ]


def _song(recording: Recording) -> Song:
    guests = f" (feat. {' & '.join(recording.featured)})" if recording.featured else ""
    version = f" ({recording.version})" if recording.version else ""
    drift = between(-400, 400, "duration", NAME, *recording.identity)
    return Song(
        recording,
        number("itunes track", *recording.identity),
        f"{recording.title}{guests}{version}",
        recording.duration_ms + drift,
        _released(recording),
    )


def _released(recording: Recording) -> str:
    """A moment of the day; 1900 where nobody told Apple, and a year's first day where only that is known."""
    if fraction("dated", NAME, *recording.identity) < 0.02:
        return "1900-01-01T12:00:00Z"
    day = recording.release_date if len(recording.release_date) == 10 else f"{recording.year}-01-01"
    return f"{day}T12:00:00Z"


class ITunes:
    """Answers requests over the songs."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = songs(recordings)
        self._behaviour = behaviour
        self._by_id = {song.id: song for song in known}
        self._index = Index(known, _fields)

    async def receive(self) -> None:
        """Admit a request, or interrupt it."""
        await receive(self._behaviour, _trouble)

    def search(self, term: str, entity: str, country: str, limit: int) -> Response:
        """`GET /search?term=&entity=song`: every word has to be somewhere."""
        if country.lower() not in _STORES:
            return _invalid("country")
        if entity not in {"song", "musicTrack"}:
            return _invalid("resultEntity")
        words = words_of(term)
        clauses = [Clause(None, words)] if words else []
        hits = self._index.search(clauses, lambda song: song.recording.popularity / 100)
        return _results([hit.item for hit in hits[:limit]])

    def lookup(self, identifier: str, country: str) -> Response:
        """`GET /lookup?id=`: no such song is an empty list."""
        if country.lower() not in _STORES:
            return _invalid("country")
        song = self._by_id.get(int(identifier)) if identifier.isdecimal() else None
        return _results([song] if song else [])


def itunes_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/itunes`."""
    service = ITunes(recordings, behaviour)
    router = APIRouter(prefix="/itunes")

    @router.get("/search")
    async def search(term: str = "", entity: str = "song", country: str = "US", limit: int = 50) -> Response:
        await service.receive()
        return service.search(term, entity, country, min(max(limit, 1), 200))

    @router.get("/lookup")
    async def lookup(id: str = "", country: str = "US") -> Response:  # noqa: A002 - Apple's name for it
        await service.receive()
        return service.lookup(id, country)

    return router


def _fields(song: Song) -> dict[str, str]:
    recording = song.recording
    return {"artist": " ".join(recording.artists), "track": song.name, "album": recording.album}


def _album(recording: Recording) -> str:
    return f"{recording.album} - Single" if recording.album == recording.title else recording.album


def _found(song: Song) -> dict[str, Any]:
    recording = song.recording
    artist = number("itunes artist", recording.artist)
    album = number("itunes album", recording.artist, recording.album)
    cover = hexadecimal("cover", recording.artist, recording.album)
    explicit = "explicit" if fraction("explicit", *recording.identity) < 0.06 else "notExplicit"
    return {
        "wrapperType": "track",
        "kind": "song",
        "artistId": artist,
        "collectionId": album,
        "trackId": song.id,
        "artistName": recording.artist,
        "collectionName": _album(recording),
        "trackName": song.name,
        "artistViewUrl": f"{_WEB}/artist/{artist}?uo=4",
        "collectionViewUrl": f"{_WEB}/album/{album}?uo=4",
        "trackViewUrl": f"{_WEB}/album/{album}?i={song.id}&uo=4",
        "artworkUrl100": f"https://is1-ssl.mzstatic.com/image/thumb/Music/{cover}.jpg/100x100bb.jpg",
        "trackPrice": 1.29,
        "releaseDate": song.released,
        "trackExplicitness": explicit,
        "discNumber": 1,
        "trackNumber": between(1, 12, "position", *recording.identity),
        "trackTimeMillis": song.duration_ms,
        "country": "USA",
        "currency": "USD",
        "primaryGenreName": song.genre,
        "isStreamable": True,
    }


def _results(found: Sequence[Song]) -> Response:
    return _answer({"resultCount": len(found), "results": [_found(song) for song in found]})


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    # As Apple sends it: blank lines in front, and called JavaScript.
    return Response(b"\n\n\n" + orjson.dumps(body), status, media_type="text/javascript; charset=utf-8")


def _invalid(key: str) -> Response:
    return _answer({"errorMessage": f"Invalid value(s) for key(s): [{key}]", "queryParameters": {}}, 400)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    match trouble:
        case Trouble.ERROR:
            return Response("Internal Server Error", 500, media_type="text/plain")
        case Trouble.TIMEOUT:
            return Response("<html><body>Gateway Timeout</body></html>", 504, media_type="text/html")
        case Trouble.OVER_LIMIT:
            return Response(b"", 403)
    return Response(b"", 429, {"Retry-After": str(behaviour.knobs.retry_after_seconds)})
