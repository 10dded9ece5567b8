"""Beatport's API, version 4: token, track search, tracks by ISRC, look-up. Electronic music only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction, hexadecimal, number
from backend.sandbox.providers.client_credentials import Tokens
from backend.sandbox.providers.interruption import Interruption, receive
from backend.sandbox.search import Clause, Index, words_of

NAME = "beatport"
# Beatport publishes none: a call more than the gateway allows itself, so that any excess is counted.
LIMIT = Limit(calls=31, seconds=60.0)
_API = "https://api.beatport.com/v4"
_OPENED = 2004
_GENRES = {
    "Big Beat": "Breaks / Breakbeat / UK Bass",
    "Breakbeat": "Breaks / Breakbeat / UK Bass",
    "Deep House": "Deep House",
    "Disco": "Nu Disco / Disco",
    "Downtempo": "Downtempo",
    "Drum n Bass": "Drum & Bass",
    "Dubstep": "Dubstep",
    "Electro House": "Mainstage",
    "House": "House",
    "Melodic House": "Melodic House & Techno",
    "Minimal": "Minimal / Deep Tech",
    "Nu-Disco": "Nu Disco / Disco",
    "Progressive House": "Progressive House",
    "Synth-pop": "Dance / Pop",
    "Tech House": "Tech House",
    "Techno": "Techno (Peak Time / Driving)",
    "Trance": "Trance (Main Floor)",
    "Trip Hop": "Downtempo",
    "UK Garage": "UK Garage / Bassline",
}
_PITCHES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    '<body><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>'
)


@dataclass(frozen=True)
class Track:
    """A recording as the shop sells it. Duration in milliseconds."""

    recording: Recording
    id: int
    mix_name: str
    bpm: int
    duration_ms: int
    released: str


def tracks(recordings: Sequence[Recording]) -> list[Track]:
    """What the shop has: electronic music, no karaoke, and one recording in ten not."""
    return [
        _track(recording)
        for recording in recordings
        if recording.genre == "Electronic"
        and not recording.is_trap
        and fraction("absent", NAME, *recording.identity) >= 0.1
    ]


def _track(recording: Recording) -> Track:
    identity = recording.identity
    return Track(
        recording,
        number("beatport track", *identity) % 30_000_000,
        recording.version or "Original Mix",
        round(recording.bpm),
        recording.duration_ms + between(-300, 300, "duration", NAME, *identity),
        _released(recording),
    )


def _released(recording: Recording) -> str:
    """The first release's date; of older music the shop often has the day it came in."""
    day = recording.release_date if len(recording.release_date) == 10 else f"{recording.year}-01-01"
    older = int(recording.year) < _OPENED
    if older and fraction("shop date", *recording.identity) < 0.4:
        return f"{between(_OPENED, _OPENED + 8, 'shop year', *recording.identity)}-05-17"
    return day


class Beatport:
    """Answers requests over the tracks."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = tracks(recordings)
        self.tokens = Tokens()
        self._behaviour = behaviour
        self._by_id = {track.id: track for track in known}
        self._by_isrc = {track.recording.isrc: track for track in known}
        self._index = Index(known, _fields)

    async def token(self, request: Request) -> Response:
        """`POST /auth/o/token/`: client credentials with HTTP Basic."""
        await receive(self._behaviour, _trouble)
        refuse = self._behaviour.knobs.refuse_credentials
        return await self.tokens.grant(request, refuse=refuse, refused_status=401)

    async def receive(self, request: Request) -> None:
        """Admit an API request, or interrupt it."""
        await receive(self._behaviour, _trouble)
        if self.tokens.problem(request) or self._behaviour.knobs.refuse_credentials:
            raise Interruption(_detail(401, "Authentication credentials were not provided."))

    def search(self, query: str, page: int, per_page: int) -> Response:
        """`GET /catalog/search/?type=tracks`: every word has to be somewhere."""
        words = words_of(query)
        clauses = [Clause(None, words)] if words else []
        hits = self._index.search(clauses, lambda track: track.recording.popularity / 100)
        start = (page - 1) * per_page
        found = [_full(hit.item) for hit in hits[start : start + per_page]]
        return JSONResponse({"tracks": found, "page": page, "per_page": per_page, "count": len(hits)})

    def by_isrc(self, code: str, per_page: int) -> Response:
        """`GET /catalog/tracks/?isrc=`: an unknown one is an empty list."""
        track = self._by_isrc.get(code.upper())
        found = [_full(track)] if track else []
        listing = {"next": None, "previous": None, "count": len(found), "page": "1/1", "per_page": per_page}
        return JSONResponse({"results": found, **listing})

    def track(self, identifier: str) -> Response:
        """`GET /catalog/tracks/{id}/`."""
        track = self._by_id.get(int(identifier)) if identifier.isdecimal() else None
        return JSONResponse(_full(track)) if track else _detail(404, "Not found.")


def beatport_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/beatport`."""
    service = Beatport(recordings, behaviour)
    router = APIRouter(prefix="/beatport")

    @router.post("/v4/auth/o/token/")
    async def token(request: Request) -> Response:
        return await service.token(request)

    @router.post("/revoke")
    async def revoke() -> Response:
        return service.tokens.revoke()

    @router.get("/v4/catalog/search/")
    async def search(request: Request, q: str = "", page: int = 1, per_page: int = 10) -> Response:
        await service.receive(request)
        return service.search(q, max(page, 1), min(max(per_page, 1), 100))

    @router.get("/v4/catalog/tracks/")
    async def by_isrc(request: Request, isrc: str = "", per_page: int = 10) -> Response:
        await service.receive(request)
        return service.by_isrc(isrc, per_page)

    @router.get("/v4/catalog/tracks/{identifier}/")
    async def track(request: Request, identifier: str) -> Response:
        await service.receive(request)
        return service.track(identifier)

    return router


def _fields(track: Track) -> dict[str, str]:
    recording = track.recording
    return {
        "artist": " ".join(recording.artists),
        "track": f"{recording.title} {track.mix_name}",
        "album": recording.album,
        "label": recording.label,
    }


def _full(track: Track) -> dict[str, Any]:
    recording = track.recording
    seconds = track.duration_ms // 1000
    slug = "-".join(words_of(recording.title)) or "track"
    return {
        "id": track.id,
        "name": recording.title,
        "mix_name": track.mix_name,
        "slug": slug,
        "url": f"{_API}/catalog/tracks/{track.id}/",
        "artists": [_artist(name) for name in recording.artists],
        "remixers": _remixers(track.mix_name),
        "bpm": track.bpm,
        "key": _key(recording.key),
        "genre": {"name": _GENRES.get(recording.style, "Electronica")},
        "sub_genre": None,
        "isrc": recording.isrc,
        "length": f"{seconds // 60}:{seconds % 60:02d}",
        "length_ms": track.duration_ms,
        "new_release_date": track.released,
        "publish_date": max(track.released, f"{_OPENED}-01-07"),
        "catalog_number": f"BP{number('catalogue', recording.artist, recording.album) % 100_000:05d}",
        "exclusive": False,
        "is_explicit": fraction("explicit", *recording.identity) < 0.06,
        "number": between(1, 12, "position", *recording.identity),
        "release": _release(recording),
    }


def _artist(name: str) -> dict[str, Any]:
    return {"id": number("beatport artist", name) % 900_000, "name": name}


def _remixers(mix_name: str) -> list[dict[str, Any]]:
    remixer, remixed, _ = mix_name.partition(" Remix")
    return [_artist(remixer)] if remixed else []


def _release(recording: Recording) -> dict[str, Any]:
    base = "https://geo-media.beatport.com"
    picture = f"{hexadecimal('cover', recording.artist, recording.album)}.jpg"
    return {
        "id": number("beatport release", recording.artist, recording.album) % 5_000_000,
        "name": recording.album,
        "label": {"id": number("beatport label", recording.label) % 90_000, "name": recording.label},
        "image": {
            "uri": f"{base}/image_size/1400x1400/{picture}",
            "dynamic_uri": f"{base}/image_size/{{w}}x{{h}}/{picture}",
        },
    }


def _key(name: str) -> dict[str, Any]:
    """A key with its place on the Camelot wheel, where a step is a fifth and C major is 8B."""
    tonic, _, mode = name.partition(" ")
    pitch = _PITCHES[tonic[0]] + tonic.count("#") - tonic[1:].count("b")
    major = pitch + 3 if mode == "minor" else pitch
    return {
        "name": f"{tonic} {mode.title()}",
        "letter": tonic[0],
        "is_sharp": "#" in tonic,
        "is_flat": "b" in tonic[1:],
        "chord_type": {"name": mode.title()},
        "camelot_number": (7 + 7 * major) % 12 + 1,
        "camelot_letter": "A" if mode == "minor" else "B",
    }


def _detail(status: int, text: str, **headers: str) -> Response:
    return JSONResponse({"detail": text}, status_code=status, headers=headers)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    match trouble:
        case Trouble.ERROR:
            return _detail(500, "A server error occurred.")
        case Trouble.TIMEOUT:
            return Response("upstream request timeout", 504, media_type="text/plain")
        case Trouble.OVER_LIMIT:
            return Response(_CHALLENGE, 403, {"cf-mitigated": "challenge"}, media_type="text/html")
    seconds = behaviour.knobs.retry_after_seconds
    text = f"Request was throttled. Expected available in {seconds} seconds."
    return _detail(429, text, **{"Retry-After": str(seconds)})
