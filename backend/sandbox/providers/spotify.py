"""Spotify's Web API: client-credentials token, track search, track look-up, and what was closed in 2024."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote_plus

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import base62, between, fraction, hexadecimal
from backend.sandbox.providers.client_credentials import Tokens
from backend.sandbox.providers.interruption import Interruption, receive
from backend.sandbox.queries import parse_filters
from backend.sandbox.search import Index

NAME = "spotify"
LIMIT = Limit(calls=100, seconds=30.0)
_FILTERS = frozenset({"artist", "track", "album", "isrc", "year"})
_MARKETS = ["AU", "BR", "CA", "DE", "ES", "FR", "GB", "JP", "NL", "SE", "US"]
_API = "https://api.spotify.com/v1"
_WEB = "https://open.spotify.com"


@dataclass(frozen=True)
class Edition:
    """A recording as the label delivered it to Spotify. Duration in milliseconds."""

    recording: Recording
    id: str
    name: str
    duration_ms: int


def editions(recordings: Sequence[Recording]) -> list[Edition]:
    """What Spotify has: karaoke too, and one recording in twenty-five not."""
    return [
        _edition(recording)
        for recording in recordings
        if fraction("absent", NAME, *recording.identity) >= 0.04
    ]


def _edition(recording: Recording) -> Edition:
    guests = f" (feat. {' & '.join(recording.featured)})" if recording.featured else ""
    version = f" - {recording.version}" if recording.version else ""
    drift = between(-700, 700, "duration", NAME, *recording.identity)
    return Edition(
        recording,
        base62("track", *recording.identity),
        f"{recording.title}{guests}{version}",
        recording.duration_ms + drift,
    )


class Spotify:
    """Answers requests over the editions."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = editions(recordings)
        self._behaviour = behaviour
        self._by_id = {edition.id: edition for edition in known}
        self._index = Index(known, _fields)
        self.tokens = Tokens()

    async def token(self, request: Request) -> Response:
        """`POST /api/token`: client credentials with HTTP Basic."""
        await receive(self._behaviour, _trouble)
        refuse = self._behaviour.knobs.refuse_credentials
        return await self.tokens.grant(request, refuse=refuse, refused_status=400)

    async def receive(self, request: Request) -> None:
        """Admit an API request, or interrupt it."""
        await receive(self._behaviour, _trouble)
        refused = "Invalid access token" if self._behaviour.knobs.refuse_credentials else ""
        if problem := self.tokens.problem(request) or refused:
            raise Interruption(_error(401, problem))

    def search(self, query: str, limit: int, offset: int) -> Response:
        """`GET /v1/search?type=track`."""
        if not query.strip():
            return _error(400, "No search query")
        hits = self._index.search(
            parse_filters(query, _FILTERS, phrases=False), lambda edition: edition.recording.popularity / 100
        )
        items = [_track(hit.item) for hit in hits[offset : offset + limit]]
        return JSONResponse({"tracks": _page(query, items, len(hits), limit, offset)})

    def track(self, identifier: str) -> Response:
        """`GET /v1/tracks/{id}`."""
        if len(identifier) != 22 or not identifier.isalnum():
            return _error(400, "Invalid base62 id")
        edition = self._by_id.get(identifier)
        return JSONResponse(_track(edition)) if edition else _error(404, "Resource not found")


def spotify_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/spotify`: `api/token` stands for accounts.spotify.com, `v1` for api.spotify.com."""
    service = Spotify(recordings, behaviour)
    router = APIRouter(prefix="/spotify")

    @router.post("/api/token")
    async def token(request: Request) -> Response:
        return await service.token(request)

    @router.post("/revoke")
    async def revoke() -> Response:
        return service.tokens.revoke()

    @router.get("/v1/search")
    async def search(
        request: Request,
        q: str = "",
        kind: Annotated[str, Query(alias="type")] = "",
        limit: int = 20,
        offset: int = 0,
    ) -> Response:
        await service.receive(request)
        if kind != "track":
            return _error(400, "Bad search type field")
        if not 1 <= limit <= 50:
            return _error(400, "Invalid limit")
        return service.search(q, limit, max(offset, 0))

    @router.get("/v1/tracks/{identifier}")
    async def track(request: Request, identifier: str) -> Response:
        await service.receive(request)
        return service.track(identifier)

    @router.get("/v1/audio-features/{identifier}")
    async def audio_features(request: Request, identifier: str) -> Response:  # noqa: ARG001 - part of the path
        # Closed to new applications on 2024-11-27; the real service answers just this.
        await service.receive(request)
        return _error(403, "Forbidden")

    return router


def _fields(edition: Edition) -> dict[str, str]:
    recording = edition.recording
    return {
        "track": edition.name,
        "artist": " ".join(recording.artists),
        "album": recording.album,
        "isrc": recording.isrc,
        "year": recording.year,
    }


def _artist(name: str) -> dict[str, Any]:
    identifier = base62("artist", name)
    return {
        "external_urls": {"spotify": f"{_WEB}/artist/{identifier}"},
        "href": f"{_API}/artists/{identifier}",
        "id": identifier,
        "name": name,
        "type": "artist",
        "uri": f"spotify:artist:{identifier}",
    }


def _album(recording: Recording) -> dict[str, Any]:
    identifier = base62("album", recording.artist, recording.album)
    cover = hexadecimal("cover", recording.artist, recording.album)
    single = recording.album == recording.title
    return {
        "album_type": "single" if single else "album",
        "artists": [_artist(recording.artist)],
        "available_markets": _MARKETS,
        "external_urls": {"spotify": f"{_WEB}/album/{identifier}"},
        "href": f"{_API}/albums/{identifier}",
        "id": identifier,
        "images": [
            {"url": f"https://i.scdn.co/image/{cover}{side:08x}", "width": side, "height": side}
            for side in (640, 300, 64)
        ],
        "name": recording.album,
        "release_date": recording.release_date,
        "release_date_precision": "day" if len(recording.release_date) == 10 else "year",
        "total_tracks": 1 if single else between(8, 14, "tracks", recording.artist, recording.album),
        "type": "album",
        "uri": f"spotify:album:{identifier}",
    }


def _track(edition: Edition) -> dict[str, Any]:
    recording = edition.recording
    return {
        "album": _album(recording),
        "artists": [_artist(name) for name in recording.artists],
        "available_markets": _MARKETS,
        "disc_number": 1,
        "duration_ms": edition.duration_ms,
        "explicit": fraction("explicit", *recording.identity) < 0.06,
        "external_ids": {"isrc": recording.isrc},
        "external_urls": {"spotify": f"{_WEB}/track/{edition.id}"},
        "href": f"{_API}/tracks/{edition.id}",
        "id": edition.id,
        "is_local": False,
        "name": edition.name,
        "popularity": recording.popularity,
        "preview_url": None,
        "track_number": between(1, 12, "position", *recording.identity),
        "type": "track",
        "uri": f"spotify:track:{edition.id}",
    }


def _page(query: str, items: list[dict[str, Any]], total: int, limit: int, offset: int) -> dict[str, Any]:
    base = f"{_API}/search?query={quote_plus(query)}&type=track&limit={limit}"
    return {
        "href": f"{base}&offset={offset}",
        "items": items,
        "limit": limit,
        "next": f"{base}&offset={offset + limit}" if offset + limit < total else None,
        "offset": offset,
        "previous": f"{base}&offset={max(0, offset - limit)}" if offset else None,
        "total": total,
    }


def _error(status: int, message: str, **headers: str) -> Response:
    body = {"error": {"status": status, "message": message}}
    return JSONResponse(body, status_code=status, headers=headers)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    if trouble is Trouble.ERROR:
        return _error(500, "Server error.")
    if trouble is Trouble.TIMEOUT:
        return _error(504, "Gateway timeout.")
    return _error(429, "API rate limit exceeded", **{"Retry-After": str(behaviour.knobs.retry_after_seconds)})
