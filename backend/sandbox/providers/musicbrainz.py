"""MusicBrainz's web service, version 2, in JSON: recording search, recording and ISRC look-up."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction, mbid
from backend.sandbox.providers.interruption import Interruption, receive
from backend.sandbox.queries import parse_lucene
from backend.sandbox.search import Hit, Index

NAME = "musicbrainz"
LIMIT = Limit(calls=1, seconds=1.0)
_USAGE = "For usage, please see: https://musicbrainz.org/development/mmd"
_BUSY = (
    "Your requests are exceeding the allowable rate limit. "
    "Please see https://wiki.musicbrainz.org/XMLWebService for more information."
)
MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The form of an identifier, in lower case."""
_LOWER_CASE_VERSIONS = ("radio edit", "club edit", "club mix", "extended mix", "original mix", "edit")


@dataclass(frozen=True)
class Entry:
    """A recording as MusicBrainz's editors entered it. Length in milliseconds."""

    recording: Recording
    title: str
    length: int | None
    first_release_date: str
    isrcs: tuple[str, ...]


def entries(recordings: Sequence[Recording]) -> list[Entry]:
    """What MusicBrainz knows: no karaoke, one recording in twenty missing, ISRCs for most."""
    return [
        _entry(recording)
        for recording in recordings
        if not recording.is_trap and fraction("absent", NAME, *recording.identity) >= 0.05
    ]


def _entry(recording: Recording) -> Entry:
    known_isrc = fraction("isrc known", NAME, *recording.identity) < 0.85
    drift = between(-2_400, 2_400, "length", NAME, *recording.identity)
    timed = fraction("timed", NAME, *recording.identity) >= 0.03
    return Entry(
        recording,
        _title(recording),
        recording.duration_ms + drift if timed else None,
        _date(recording),
        (recording.isrc,) if known_isrc else (),
    )


def _title(recording: Recording) -> str:
    if recording.version is None:
        return recording.title
    lowered = recording.version.lower()
    return f"{recording.title} ({lowered if lowered in _LOWER_CASE_VERSIONS else recording.version})"


def _date(recording: Recording) -> str:
    precision = fraction("date", NAME, *recording.identity)
    if int(recording.year) < 1995 and precision < 0.4:
        return recording.year
    return recording.release_date[:7] if precision > 0.92 else recording.release_date


class MusicBrainz:
    """Answers requests over the entries."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = entries(recordings)
        self._behaviour = behaviour
        self._by_id = {entry.recording.mbid: entry for entry in known}
        self._by_isrc = {isrc: entry for entry in known for isrc in entry.isrcs}
        self._index = Index(known, _fields)

    async def receive(self, request: Request) -> None:
        """Admit a request, or interrupt it."""
        await receive(self._behaviour, _trouble)
        if not request.headers.get("user-agent", "").strip():
            raise Interruption(_error(403, "Requests need a meaningful User-Agent.", self._behaviour))

    def search(self, query: str, limit: int, offset: int) -> Response:
        """`GET /recording?query=`."""
        try:
            hits = self._index.search(parse_lucene(query, "recording"))
        except ValueError as error:
            return _error(400, f"Unable to parse search: {error}", self._behaviour)
        best = hits[0].score if hits else 1
        page = [_search_hit(hit, best) for hit in hits[offset : offset + limit]]
        created = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = {"created": created, "count": len(hits), "offset": offset, "recordings": page}
        return self._reply(body)

    def recording(self, identifier: str, inc: frozenset[str]) -> Response:
        """`GET /recording/{mbid}`."""
        if not MBID.fullmatch(identifier.lower()):
            return _error(400, "Invalid mbid.", self._behaviour)
        entry = self._by_id.get(identifier.lower())
        if entry is None:
            return _error(404, "Not Found", self._behaviour)
        return self._reply(_lookup(entry, inc))

    def isrc(self, code: str, inc: frozenset[str]) -> Response:
        """`GET /isrc/{isrc}`."""
        entry = self._by_isrc.get(code.upper())
        if entry is None:
            return _error(404, "Not Found", self._behaviour)
        return self._reply({"isrc": code.upper(), "recordings": [_lookup(entry, inc)]})

    def _reply(self, body: dict[str, Any]) -> Response:
        return JSONResponse(body, headers=_rate_headers(self._behaviour))


def musicbrainz_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/musicbrainz/ws/2`."""
    service = MusicBrainz(recordings, behaviour)
    router = APIRouter(prefix="/musicbrainz/ws/2")

    @router.get("/recording")
    @router.get("/recording/", include_in_schema=False)
    async def search(request: Request, query: str = "", limit: int = 25, offset: int = 0) -> Response:
        await service.receive(request)
        return service.search(query, min(max(limit, 1), 100), max(offset, 0))

    @router.get("/recording/{identifier}")
    async def recording(request: Request, identifier: str, inc: str = "") -> Response:
        await service.receive(request)
        return service.recording(identifier, _inc(inc))

    @router.get("/isrc/{code}")
    async def isrc(request: Request, code: str, inc: str = "") -> Response:
        await service.receive(request)
        return service.isrc(code, _inc(inc))

    return router


def _inc(text: str) -> frozenset[str]:
    return frozenset(re.split(r"[+ ]", text)) - {""}


def _fields(entry: Entry) -> dict[str, str]:
    recording = entry.recording
    return {
        "recording": entry.title,
        "artist": " ".join(recording.artists),
        "artistname": " ".join(recording.artists),
        "release": recording.album,
        "isrc": " ".join(entry.isrcs),
        "date": entry.first_release_date,
    }


def _credit(recording: Recording) -> list[dict[str, Any]]:
    joins = [" feat. ", *[" & "] * (len(recording.featured) - 1)] if recording.featured else []
    return [
        {"joinphrase": join, "name": name, "artist": _artist(name)}
        for name, join in zip(recording.artists, [*joins, ""], strict=True)
    ]


def _artist(name: str) -> dict[str, Any]:
    sort_name = name[4:] + ", The" if name.startswith("The ") else name
    return {"id": mbid("artist", name), "name": name, "sort-name": sort_name}


def _release(entry: Entry) -> dict[str, Any]:
    recording = entry.recording
    country = ("GB", "US", "DE", "XW")[between(0, 3, "country", recording.artist, recording.album)]
    return {
        "id": recording.release_mbid,
        "title": recording.album,
        "status": "Official",
        "date": entry.first_release_date,
        "country": country,
        "artist-credit": [{"name": recording.artist, "artist": _artist(recording.artist)}],
        "release-group": {
            "id": mbid("release-group", recording.artist, recording.album),
            "title": recording.album,
            "primary-type": "Single" if recording.album == recording.title else "Album",
        },
        "track-count": between(2, 14, "tracks", recording.artist, recording.album),
    }


def _common(entry: Entry) -> dict[str, Any]:
    recording = entry.recording
    return {
        "id": recording.mbid,
        "title": entry.title,
        "length": entry.length,
        "first-release-date": entry.first_release_date,
        "disambiguation": "",
    }


def _tags(recording: Recording) -> list[dict[str, Any]]:
    names = [recording.style.lower(), recording.genre.lower()]
    return [{"count": 5 - position, "name": name} for position, name in enumerate(names)]


def _search_hit(hit: Hit[Entry], best: float) -> dict[str, Any]:
    entry = hit.item
    body = {**_common(entry), "video": None, "score": round(100 * hit.score / best)}
    body |= {"artist-credit": _credit(entry.recording), "releases": [_release(entry)]}
    if not body["disambiguation"]:
        del body["disambiguation"]
    if entry.isrcs:
        body["isrcs"] = list(entry.isrcs)
    if fraction("tagged", *entry.recording.identity) < 0.7:
        body["tags"] = _tags(entry.recording)
    return body


def _lookup(entry: Entry, inc: frozenset[str]) -> dict[str, Any]:
    body = {**_common(entry), "video": False}
    if "artist-credits" in inc or "artists" in inc:
        body["artist-credit"] = _credit(entry.recording)
    if "releases" in inc:
        body["releases"] = [_release(entry)]
    if "isrcs" in inc:
        body["isrcs"] = list(entry.isrcs)
    if "tags" in inc:
        body["tags"] = _tags(entry.recording)
    if "genres" in inc:
        body["genres"] = [{**tag, "id": mbid("genre", tag["name"])} for tag in _tags(entry.recording)]
    return body


def _rate_headers(behaviour: Behaviour) -> dict[str, str]:
    # The real service states its own server-wide numbers here, not the caller's budget.
    remaining = max(0, 1200 - behaviour.used * 7)
    return {
        "X-RateLimit-Limit": "1200",
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(int(time.time()) + 1),
    }


def _error(status: int, text: str, behaviour: Behaviour, **headers: str) -> Response:
    every = {**_rate_headers(behaviour), **headers}
    return JSONResponse({"error": text, "help": _USAGE}, status_code=status, headers=every)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    if trouble is Trouble.ERROR:
        return _error(500, "Internal Server Error", behaviour)
    if trouble is Trouble.TIMEOUT:
        return _error(504, "Gateway Timeout", behaviour)
    if trouble is Trouble.THROTTLED:
        return _error(503, _BUSY, behaviour, **{"Retry-After": str(behaviour.knobs.retry_after_seconds)})
    return _error(503, _BUSY, behaviour)
