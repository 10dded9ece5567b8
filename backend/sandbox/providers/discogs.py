"""Discogs' API: release search by artist and track, and releases with their track lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction, number
from backend.sandbox.providers.interruption import Interruption, receive
from backend.sandbox.search import Clause, Index, words_of

NAME = "discogs"
LIMIT = Limit(calls=60, seconds=60.0)
_API = "https://api.discogs.com"


@dataclass(frozen=True)
class Release:
    """A pressing of an album or single, with those of its tracks that the catalogue knows."""

    id: int
    artist: str
    title: str
    label: str
    catalogue_number: str
    country: str
    released: str
    medium: str
    tracks: tuple[Recording, ...]


def releases(recordings: Sequence[Recording]) -> list[Release]:
    """Discogs knows releases, not tracks: the recordings by artist and album, some with a second pressing."""
    albums: dict[tuple[str, str], list[Recording]] = {}
    for recording in recordings:
        if not recording.is_trap:
            albums.setdefault((recording.artist, recording.album), []).append(recording)
    found = []
    for (artist, album), tracks in albums.items():
        if fraction("absent", NAME, artist, album) < 0.05:
            continue
        found.append(_release(artist, album, tuple(tracks), 0))
        if fraction("pressing", artist, album) < 0.4:
            found.append(_release(artist, album, tuple(tracks), 1))
    return found


def _release(artist: str, album: str, tracks: tuple[Recording, ...], pressing: int) -> Release:
    first = tracks[0]
    letters = "".join(c for c in first.label.upper() if c.isascii() and c.isalpha())[:4] or "CAT"
    year = str(int(first.year) + pressing * between(1, 15, "pressing", artist, album))
    medium = ("Vinyl", "CD", "File")[between(0, 2, "medium", artist, album, pressing)]
    return Release(
        number("discogs release", artist, album, pressing),
        artist,
        album,
        first.label,
        f"{letters}{between(1, 480, 'catalogue number', artist, album, pressing):03d}",
        ("UK", "US", "Germany", "Europe", "Netherlands")[between(0, 4, "country", artist, album, pressing)],
        first.release_date if pressing == 0 else year,
        medium,
        tracks,
    )


class Discogs:
    """Answers requests over the releases."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = releases(recordings)
        self._behaviour = behaviour
        self._by_id = {release.id: release for release in known}
        self._index = Index(known, _fields)

    async def receive(self, request: Request) -> None:
        """Admit a request, or interrupt it."""
        await receive(self._behaviour, _trouble)
        if not request.headers.get("user-agent", "").strip():
            raise Interruption(_message(403, "You must send a unique User-Agent.", self._behaviour))

    def require_token(self, request: Request) -> None:
        """Search needs a token, as header or parameter; any text is one here."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        token = rest.removeprefix("token=") if scheme == "Discogs" else request.query_params.get("token", "")
        if self._behaviour.knobs.refuse_credentials:
            raise Interruption(_message(401, "Invalid consumer token.", self._behaviour))
        if not token:
            text = "You must authenticate to access this resource."
            raise Interruption(_message(401, text, self._behaviour))

    def search(self, fields: dict[str, str], per_page: int, page: int) -> Response:
        """`GET /database/search`: every parameter given has to fit."""
        clauses = [
            Clause(None if name == "q" else name, words_of(text)) for name, text in fields.items() if text
        ]
        hits = self._index.search(clauses)
        start = (page - 1) * per_page
        pages = max(1, -(-len(hits) // per_page))
        return self._reply(
            {
                "pagination": {
                    "page": page,
                    "pages": pages,
                    "per_page": per_page,
                    "items": len(hits),
                    "urls": {},
                },
                "results": [_found(hit.item) for hit in hits[start : start + per_page]],
            }
        )

    def release(self, identifier: str) -> Response:
        """`GET /releases/{id}`."""
        release = self._by_id.get(int(identifier)) if identifier.isdecimal() else None
        if release is None:
            return _message(404, "Release not found.", self._behaviour)
        return self._reply(_full(release))

    def _reply(self, body: dict[str, Any]) -> Response:
        return JSONResponse(body, headers=_rate_headers(self._behaviour))


def discogs_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/discogs`."""
    service = Discogs(recordings, behaviour)
    router = APIRouter(prefix="/discogs")

    @router.get("/database/search")
    async def search(
        request: Request,
        artist: str = "",
        track: str = "",
        release_title: str = "",
        label: str = "",
        year: str = "",
        q: str = "",
        per_page: int = 50,
        page: int = 1,
    ) -> Response:
        await service.receive(request)
        service.require_token(request)
        fields = {"artist": artist, "track": track, "release_title": release_title, "label": label}
        return service.search({**fields, "year": year, "q": q}, min(max(per_page, 1), 100), max(page, 1))

    @router.get("/releases/{identifier}")
    async def release(request: Request, identifier: str) -> Response:
        await service.receive(request)
        return service.release(identifier)

    return router


def _fields(release: Release) -> dict[str, str]:
    guests = " ".join(name for track in release.tracks for name in track.featured)
    return {
        "artist": f"{release.artist} {guests}",
        "track": " ".join(_track_title(track) for track in release.tracks),
        "release_title": release.title,
        "label": release.label,
        "year": release.released[:4],
    }


def _track_title(recording: Recording) -> str:
    return f"{recording.title} ({recording.version})" if recording.version else recording.title


def _artist(name: str, **more: str) -> dict[str, Any]:
    identifier = number("discogs artist", name) % 9_000_000
    # Discogs numbers artists of the same name, and some credits carry that number.
    shown = f"{name} (2)" if fraction("namesake", name) < 0.05 else name
    url = f"{_API}/artists/{identifier}"
    common = {"name": shown, "anv": "", "join": "", "role": "", "tracks": "", "id": identifier}
    return {**common, "resource_url": url, **more}


def _styles(release: Release) -> list[str]:
    return sorted({track.style for track in release.tracks})


def _found(release: Release) -> dict[str, Any]:
    return {
        "country": release.country,
        "year": release.released[:4],
        "format": [release.medium, "Album"],
        "label": [release.label],
        "type": "release",
        "genre": sorted({track.genre for track in release.tracks}),
        "style": _styles(release),
        "id": release.id,
        "barcode": [],
        "master_id": number("discogs master", release.artist, release.title) % 9_000_000,
        "uri": f"/release/{release.id}",
        "catno": release.catalogue_number,
        "title": f"{_artist(release.artist)['name']} - {release.title}",
        "thumb": "",
        "cover_image": "",
        "resource_url": f"{_API}/releases/{release.id}",
    }


def _full(release: Release) -> dict[str, Any]:
    label = {"name": release.label, "catno": release.catalogue_number, "entity_type_name": "Label"}
    return {
        "id": release.id,
        "status": "Accepted",
        "year": int(release.released[:4]),
        "resource_url": f"{_API}/releases/{release.id}",
        "uri": f"https://www.discogs.com/release/{release.id}",
        "artists": [_artist(release.artist)],
        "labels": [{**label, "id": number("discogs label", release.label) % 900_000}],
        "formats": [{"name": release.medium, "qty": "1", "descriptions": ["Album"]}],
        "title": release.title,
        "country": release.country,
        "released": release.released,
        "genres": sorted({track.genre for track in release.tracks}),
        "styles": _styles(release),
        "tracklist": [_track(release, place, track) for place, track in enumerate(release.tracks)],
        "identifiers": [],
        "data_quality": "Correct",
    }


def _track(release: Release, place: int, recording: Recording) -> dict[str, Any]:
    side = f"{'ABCD'[min(place // 2, 3)]}{place % 2 + 1}" if release.medium == "Vinyl" else str(place + 1)
    seconds = recording.duration_ms // 1000 + between(-2, 2, "duration", NAME, release.id, place)
    timed = fraction("timed", NAME, *recording.identity) >= 0.25
    track: dict[str, Any] = {
        "position": side,
        "type_": "track",
        "title": _track_title(recording),
        "duration": f"{seconds // 60}:{seconds % 60:02d}" if timed else "",
    }
    if recording.featured:
        track["extraartists"] = [_artist(name, role="Featuring") for name in recording.featured]
    return track


def _rate_headers(behaviour: Behaviour) -> dict[str, str]:
    return {
        "X-Discogs-Ratelimit": str(behaviour.allowed),
        "X-Discogs-Ratelimit-Used": str(min(behaviour.used, behaviour.allowed)),
        "X-Discogs-Ratelimit-Remaining": str(max(0, behaviour.allowed - behaviour.used)),
    }


def _message(status: int, text: str, behaviour: Behaviour, **headers: str) -> Response:
    every = {**_rate_headers(behaviour), **headers}
    return JSONResponse({"message": text}, status_code=status, headers=every)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    if trouble is Trouble.ERROR:
        return _message(500, "An internal server error occurred.", behaviour)
    if trouble is Trouble.TIMEOUT:
        return _message(504, "Gateway timeout.", behaviour)
    text = "You are making requests too quickly."
    if trouble is Trouble.THROTTLED:
        return _message(429, text, behaviour, **{"Retry-After": str(behaviour.knobs.retry_after_seconds)})
    return _message(429, text, behaviour)
