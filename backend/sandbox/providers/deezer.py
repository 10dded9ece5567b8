"""Deezer's API: track search, look-up by id and by ISRC. Errors come as HTTP 200 with an error object."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction, hexadecimal, number
from backend.sandbox.providers.interruption import receive
from backend.sandbox.queries import parse_filters
from backend.sandbox.search import Index

NAME = "deezer"
LIMIT = Limit(calls=50, seconds=5.0)
_FILTERS = frozenset({"artist", "track", "album", "label"})
_API = "https://api.deezer.com"
_NO_DATA = ("DataException", "no data", 800)
_QUOTA = ("Exception", "Quota limit exceeded", 4)
_BUSY = ("Exception", "Service busy", 700)


@dataclass(frozen=True)
class Edition:
    """A recording as Deezer has it. Duration in whole seconds; `bpm` 0 is Deezer's word for unknown."""

    recording: Recording
    id: int
    bpm: float
    duration: int
    release_date: str
    found_by_field: bool
    """Field search misses some tracks that free search finds, at the real service too."""

    @property
    def title_version(self) -> str:
        """What stands behind the short title: guests and version in brackets."""
        guests = f"(feat. {' & '.join(self.recording.featured)})" if self.recording.featured else ""
        version = f"({self.recording.version})" if self.recording.version else ""
        return f"{guests} {version}".strip()

    @property
    def rank(self) -> int:
        """Deezer's popularity. Radio edits stand above their originals, as they do there."""
        bonus = 4 if self.recording.version and "Edit" in self.recording.version else 0
        return (self.recording.popularity + bonus) * 10_000


def editions(recordings: Sequence[Recording]) -> list[Edition]:
    """What Deezer has: karaoke too, one recording in twenty not."""
    return [
        _edition(recording)
        for recording in recordings
        if fraction("absent", NAME, *recording.identity) >= 0.05
    ]


def _edition(recording: Recording) -> Edition:
    reissued = fraction("reissued", NAME, *recording.identity) < 0.12
    year = str(int(recording.year) + between(1, 12, "reissue", *recording.identity))
    full_date = recording.release_date if len(recording.release_date) == 10 else f"{recording.year}-01-01"
    return Edition(
        recording,
        number("deezer track", *recording.identity),
        _bpm(recording),
        recording.duration_ms // 1000 + between(-1, 1, "duration", NAME, *recording.identity),
        year + full_date[4:].replace("02-29", "02-28") if reissued else full_date,
        fraction("found by field", *recording.identity) >= 0.06,
    )


def _bpm(recording: Recording) -> float:
    luck = fraction("tempo", NAME, *recording.identity)
    if luck < 0.3:
        return 0
    measured = recording.bpm + between(-20, 20, "measured", *recording.identity) / 100
    if luck > 0.95:  # tempo detection takes half of a fast tempo and double of a slow one
        measured = measured / 2 if measured > 120 else measured * 2
    return round(measured, 2)


class Deezer:
    """Answers requests over the editions."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = editions(recordings)
        self._behaviour = behaviour
        self._by_id = {edition.id: edition for edition in known}
        self._by_isrc = {edition.recording.isrc: edition for edition in known}
        self._index = Index(known, _fields)

    async def receive(self) -> None:
        """Admit a request, or interrupt it."""
        await receive(self._behaviour, _trouble)

    def search(self, query: str, limit: int, index: int) -> Response:
        """`GET /search?q=`."""
        clauses = parse_filters(query, _FILTERS, phrases=True)
        if not clauses:
            return _error("MissingParameterException", "Missing parameters: q", 501)
        hits = self._index.search(clauses, lambda edition: edition.rank / 1_000_000)
        if any(clause.field for clause in clauses):
            hits = [hit for hit in hits if hit.item.found_by_field]
        body: dict[str, Any] = {
            "data": [_found(hit.item) for hit in hits[index : index + limit]],
            "total": len(hits),
        }
        if index + limit < len(hits):
            body["next"] = f"{_API}/search?{urlencode({'q': query, 'index': index + limit})}"
        return JSONResponse(body)

    def track(self, identifier: str) -> Response:
        """`GET /track/{id}` and `GET /track/isrc:{isrc}`."""
        kind, _, code = identifier.partition(":")
        if kind == "isrc":
            edition = self._by_isrc.get(code.upper())
        else:
            edition = self._by_id.get(int(kind)) if kind.isdecimal() else None
        return JSONResponse(_full(edition)) if edition else _error(*_NO_DATA)


def deezer_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/deezer`."""
    service = Deezer(recordings, behaviour)
    router = APIRouter(prefix="/deezer")

    @router.get("/search")
    @router.get("/search/track")
    async def search(q: str = "", limit: int = 25, index: int = 0) -> Response:
        await service.receive()
        return service.search(q, min(max(limit, 1), 100), max(index, 0))

    @router.get("/track/{identifier}")
    async def track(identifier: str) -> Response:
        await service.receive()
        return service.track(identifier)

    return router


def _fields(edition: Edition) -> dict[str, str]:
    recording = edition.recording
    return {
        "artist": " ".join(recording.artists),
        "track": f"{recording.title} {edition.title_version}",
        "album": recording.album,
        "label": recording.label,
    }


def _pictures(kind: str, name: str, of: str) -> dict[str, str]:
    base = f"https://e-cdns-images.dzcdn.net/images/{kind}/{hexadecimal(kind, of)}"
    sizes = {"small": 56, "medium": 250, "big": 500, "xl": 1000}
    return {f"{name}_{size}": f"{base}/{side}x{side}-000000-80-0-0.jpg" for size, side in sizes.items()}


def _artist(name: str) -> dict[str, Any]:
    identifier = number("deezer artist", name)
    return {
        "id": identifier,
        "name": name,
        "link": f"https://www.deezer.com/artist/{identifier}",
        "picture": f"{_API}/artist/{identifier}/image",
        **_pictures("artist", "picture", name),
        "tracklist": f"{_API}/artist/{identifier}/top?limit=50",
        "type": "artist",
    }


def _album(recording: Recording) -> dict[str, Any]:
    identifier = number("deezer album", recording.artist, recording.album)
    cover = f"{recording.artist}/{recording.album}"
    return {
        "id": identifier,
        "title": recording.album,
        "cover": f"{_API}/album/{identifier}/image",
        **_pictures("cover", "cover", cover),
        "md5_image": hexadecimal("cover", cover),
        "tracklist": f"{_API}/album/{identifier}/tracks",
        "type": "album",
    }


def _found(edition: Edition) -> dict[str, Any]:
    recording = edition.recording
    explicit = fraction("explicit", *recording.identity) < 0.06
    return {
        "id": edition.id,
        "readable": True,
        "title": f"{recording.title} {edition.title_version}".strip(),
        "title_short": recording.title,
        "title_version": edition.title_version,
        "link": f"https://www.deezer.com/track/{edition.id}",
        "duration": edition.duration,
        "rank": edition.rank,
        "explicit_lyrics": explicit,
        "explicit_content_lyrics": int(explicit),
        "explicit_content_cover": 0,
        "preview": "",
        "md5_image": hexadecimal("cover", f"{recording.artist}/{recording.album}"),
        "artist": _artist(recording.artist),
        "album": _album(recording),
        "type": "track",
    }


def _full(edition: Edition) -> dict[str, Any]:
    recording = edition.recording
    body = _found(edition)
    body["album"]["release_date"] = edition.release_date
    body |= {
        "isrc": recording.isrc,
        "share": f"https://www.deezer.com/track/{edition.id}?utm_source=deezer",
        "track_position": between(1, 12, "position", *recording.identity),
        "disk_number": 1,
        "release_date": edition.release_date,
        "bpm": edition.bpm,
        "gain": -between(60, 130, "gain", *recording.identity) / 10,
        "available_countries": ["DE", "FR", "GB", "US"],
        "contributors": [{**_artist(name), "role": "Main"} for name in recording.artists],
    }
    return body


def _error(kind: str, message: str, code: int) -> Response:
    return JSONResponse({"error": {"type": kind, "message": message, "code": code}})


def _trouble(trouble: Trouble, _behaviour: Behaviour) -> Response:
    if trouble is Trouble.ERROR:
        return _error(*_BUSY)
    if trouble is Trouble.TIMEOUT:
        return Response(
            "<html><body><h1>504 Gateway Time-out</h1></body></html>", 504, media_type="text/html"
        )
    return _error(*_QUOTA)
