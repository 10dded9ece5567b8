"""Last.fm's API: track search and look-up by name or MBID. Errors are a code in the body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction, hexadecimal, mbid
from backend.sandbox.providers.interruption import Interruption, receive
from backend.sandbox.search import Clause, Index, words_of

NAME = "lastfm"
LIMIT = Limit(calls=5, seconds=1.0)
_WEB = "https://www.last.fm"
_IMAGES = "https://lastfm.freetls.fastly.net/i/u"
_STAR = "2a96cbd8b46e442fc41c2b86b821562f"
"""The picture that stands for every missing one."""
_SIZES = {"small": "34s", "medium": "64s", "large": "174s", "extralarge": "300x300"}
_MISSING = "Invalid parameters - Your request is missing a required parameter"
_BAD_KEY = "Invalid API key - You must be granted a valid key by last.fm"
_TOO_MANY = "Rate Limit Exceeded - Your IP has made too many requests in a short period"


@dataclass(frozen=True)
class Scrobbled:
    """A recording as listeners' players name it. Duration in milliseconds, 0 for unknown."""

    recording: Recording
    name: str
    mbid: str
    duration: int
    tags: tuple[str, ...]

    @property
    def listeners(self) -> int:
        """How many have played it."""
        return self.recording.popularity**2 * 200 + between(0, 199, "listeners", *self.recording.identity)


def scrobbled(recordings: Sequence[Recording]) -> list[Scrobbled]:
    """What Last.fm has: whatever somebody played, karaoke too, and one recording in fifty not."""
    return [
        _scrobbled(recording)
        for recording in recordings
        if fraction("absent", NAME, *recording.identity) >= 0.02
    ]


def _scrobbled(recording: Recording) -> Scrobbled:
    identity = recording.identity
    guests = f" (feat. {' & '.join(recording.featured)})" if recording.featured else ""
    version = f" - {recording.version}" if recording.version else ""
    seconds = recording.duration_ms // 1000 + between(-2, 2, "duration", NAME, *identity)
    return Scrobbled(
        recording,
        f"{recording.title}{guests}{version}",
        mbid("lastfm", *identity) if fraction("mbid", NAME, *identity) < 0.4 else "",
        0 if fraction("timed", NAME, *identity) < 0.2 else seconds * 1000,
        _tags(recording),
    )


def _tags(recording: Recording) -> tuple[str, ...]:
    """What listeners call it: style and genre, a decade, now and then the artist or a mood; some nothing."""
    luck = fraction("tags", *recording.identity)
    if luck < 0.08:
        return ()
    if luck < 0.16:
        return (recording.style.lower(),)
    tags = [recording.style.lower(), recording.genre.lower(), f"{recording.year[2]}0s"]
    return (*tags, recording.artist if luck > 0.6 else "favourites")


class LastFm:
    """Answers requests over what was scrobbled."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = scrobbled(recordings)
        self._behaviour = behaviour
        self._by_name = {_name_key(item.recording.artist, item.name): item for item in known}
        self._by_mbid = {item.mbid: item for item in known if item.mbid}
        self._index = Index(known, _fields)

    async def answer(self, request: Request) -> Response:
        """`GET /2.0/?method=…`; any text will do as the key."""
        await receive(self._behaviour, _trouble)
        params = request.query_params
        if self._behaviour.knobs.refuse_credentials or not params.get("api_key"):
            raise Interruption(_error(403, 10, _BAD_KEY))
        if params.get("format") != "json":
            return _error(400, 5, "Invalid format - The simulator speaks JSON only")
        match params.get("method", "").lower():
            case "track.search":
                return self._search(params)
            case "track.getinfo":
                return self._info(params)
        return _error(400, 3, "Invalid Method - No method with that name in this package")

    def _search(self, params: Mapping[str, str]) -> Response:
        if not params.get("track"):
            return _error(400, 6, _MISSING)
        clauses = [
            Clause(name, words_of(params[name]))
            for name in ("track", "artist")
            if params.get(name, "").strip()
        ]
        hits = self._index.search(clauses, lambda item: item.recording.popularity / 100)
        size = _whole(params.get("limit"), 30)
        start = (_whole(params.get("page"), 1) - 1) * size
        return JSONResponse(
            _page(params, [_found(hit.item) for hit in hits[start : start + size]], len(hits))
        )

    def _info(self, params: Mapping[str, str]) -> Response:
        if params.get("mbid"):
            item = self._by_mbid.get(params["mbid"].lower())
        elif params.get("artist") and params.get("track"):
            item = self._by_name.get(_name_key(params["artist"], params["track"]))
        else:
            return _error(400, 6, _MISSING)
        return JSONResponse({"track": _full(item)}) if item else _error(404, 6, "Track not found")


def lastfm_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The one route below `/lastfm`."""
    service = LastFm(recordings, behaviour)
    router = APIRouter(prefix="/lastfm")

    @router.get("/2.0/")
    async def answer(request: Request) -> Response:
        return await service.answer(request)

    return router


def _name_key(artist: str, name: str) -> tuple[str, str]:
    return artist.casefold(), name.casefold()


def _whole(text: str | None, otherwise: int) -> int:
    return min(max(int(text), 1), 1_000) if text and text.isdecimal() else otherwise


def _fields(item: Scrobbled) -> dict[str, str]:
    return {"artist": " ".join(item.recording.artists), "track": item.name}


def _images(picture: str) -> list[dict[str, str]]:
    return [{"#text": f"{_IMAGES}/{folder}/{picture}.png", "size": size} for size, folder in _SIZES.items()]


def _artist_url(name: str) -> str:
    return f"{_WEB}/music/{quote_plus(name)}"


def _common(item: Scrobbled) -> dict[str, Any]:
    url = f"{_artist_url(item.recording.artist)}/_/{quote_plus(item.name)}"
    return {"name": item.name, "url": url, "listeners": str(item.listeners), "mbid": item.mbid}


def _found(item: Scrobbled) -> dict[str, Any]:
    return {
        **_common(item),
        "artist": item.recording.artist,
        "streamable": "FIXME",
        "image": _images(_STAR),
    }


def _full(item: Scrobbled) -> dict[str, Any]:
    recording = item.recording
    body = {
        **_common(item),
        "duration": str(item.duration),
        "streamable": {"#text": "0", "fulltrack": "0"},
        "playcount": str(item.listeners * between(3, 9, "plays", *recording.identity)),
        "artist": {"name": recording.artist, "mbid": "", "url": _artist_url(recording.artist)},
        "toptags": _top_tags(item.tags),
    }
    if fraction("album known", NAME, *recording.identity) >= 0.15:
        body["album"] = _album(recording)
    return body


def _album(recording: Recording) -> dict[str, Any]:
    pictured = fraction("cover", NAME, recording.artist, recording.album) >= 0.15
    picture = hexadecimal("cover", recording.artist, recording.album)[:32] if pictured else _STAR
    return {
        "artist": recording.artist,
        "title": recording.album,
        "url": f"{_artist_url(recording.artist)}/{quote_plus(recording.album)}",
        "image": _images(picture),
    }


def _top_tags(tags: Sequence[str]) -> Any:
    """A list in Last.fm's JSON: no elements are an empty text, and a single one stands alone."""
    shown = [{"name": tag, "url": f"{_WEB}/tag/{quote_plus(tag)}"} for tag in tags]
    if not shown:
        return ""
    return {"tag": shown if len(shown) > 1 else shown[0]}


def _page(params: Mapping[str, str], found: list[dict[str, Any]], total: int) -> dict[str, Any]:
    page, size = _whole(params.get("page"), 1), _whole(params.get("limit"), 30)
    return {
        "results": {
            "opensearch:Query": {"#text": "", "role": "request", "startPage": str(page)},
            "opensearch:totalResults": str(total),
            "opensearch:startIndex": str((page - 1) * size),
            "opensearch:itemsPerPage": str(size),
            "trackmatches": {"track": found},
            "@attr": {"for": params["track"]},
        }
    }


def _error(status: int, code: int, message: str, **headers: str) -> Response:
    return JSONResponse({"error": code, "message": message}, status_code=status, headers=headers)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    match trouble:
        case Trouble.ERROR:
            return _error(500, 8, "Operation failed - Most likely the backend service failed.")
        case Trouble.TIMEOUT:
            return _error(503, 16, "There was a temporary error processing your request.")
        case Trouble.OVER_LIMIT:
            return _error(200, 29, _TOO_MANY)
    return _error(429, 29, _TOO_MANY, **{"Retry-After": str(behaviour.knobs.retry_after_seconds)})
