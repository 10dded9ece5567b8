"""ListenBrainz' metadata: the recording that fits an artist and a title, and recordings by identifier."""

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from backend.sandbox.behaviour import Behaviour, Limit, Trouble
from backend.sandbox.catalogue import Recording
from backend.sandbox.chance import between, fraction, mbid
from backend.sandbox.providers.interruption import Interruption, receive
from backend.sandbox.providers.musicbrainz import MBID, Entry, entries
from backend.sandbox.search import Clause, Index, words_of

NAME = "listenbrainz"
LIMIT = Limit(calls=30, seconds=10.0)
_INCS = frozenset({"artist", "tag", "release"})
_BUSY = "You have exceeded your rate limit. See the X-RateLimit-* response headers for more information."


class ListenBrainz:
    """Answers requests over what MusicBrainz knows."""

    def __init__(self, recordings: Sequence[Recording], behaviour: Behaviour) -> None:
        known = entries(recordings)
        self._behaviour = behaviour
        self._by_id = {entry.recording.mbid: entry for entry in known}
        self._index = Index(known, _fields)

    async def receive(self) -> None:
        """Admit a request, or interrupt it."""
        await receive(self._behaviour, _trouble)

    def require_token(self, request: Request) -> None:
        """Look-ups by names need a user token; any text is one here."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if self._behaviour.knobs.refuse_credentials:
            raise Interruption(_error(401, "Invalid authorization token.", self._behaviour))
        if scheme != "Token" or not token:
            text = "You need to provide an Authorization header."
            raise Interruption(_error(401, text, self._behaviour))

    def lookup(self, artist: str, recording: str, incs: frozenset[str], *, metadata: bool) -> Response:
        """`GET /1/metadata/lookup/`: the best match, or an empty object."""
        for name, text in (("artist_name", artist), ("recording_name", recording)):
            if not text:
                return _error(400, f"{name} is invalid or not present in arguments", self._behaviour)
        clauses = [Clause("artist", words_of(artist)), Clause("recording", words_of(recording))]
        hits = self._index.search(clauses)
        return self._reply(_match(hits[0].item, incs, metadata=metadata) if hits else {})

    def recordings(self, identifiers: str, incs: frozenset[str]) -> Response:
        """`GET /1/metadata/recording/`: an object by identifier, without the unknown ones."""
        wanted = [identifier.strip().lower() for identifier in identifiers.split(",")]
        for identifier in wanted:
            if not MBID.fullmatch(identifier):
                return _error(400, f"Recording mbid {identifier} is not valid.", self._behaviour)
        known = [self._by_id[identifier] for identifier in wanted if identifier in self._by_id]
        return self._reply({entry.recording.mbid: _details(entry, incs) for entry in known})

    def incs(self, text: str) -> frozenset[str]:
        """The parts asked for; a 400 for one that is not there."""
        asked = frozenset(text.split())
        for unknown in sorted(asked - _INCS):
            problem = f"invalid inc argument '{unknown}'. Must be one of artist, tag, release."
            raise Interruption(_error(400, problem, self._behaviour))
        return asked

    def _reply(self, body: dict[str, Any]) -> Response:
        return JSONResponse(body, headers=_rate_headers(self._behaviour))


def listenbrainz_router(recordings: Sequence[Recording], behaviour: Behaviour) -> APIRouter:
    """The routes below `/listenbrainz/1`."""
    service = ListenBrainz(recordings, behaviour)
    router = APIRouter(prefix="/listenbrainz/1/metadata")

    @router.get("/lookup/")
    async def lookup(
        request: Request,
        artist_name: str = "",
        recording_name: str = "",
        metadata: bool = False,
        inc: str = "",
    ) -> Response:
        await service.receive()
        service.require_token(request)
        incs = service.incs(inc) if metadata else frozenset()
        return service.lookup(artist_name, recording_name, incs, metadata=metadata)

    @router.get("/recording/")
    async def recording(recording_mbids: str = "", inc: str = "") -> Response:
        await service.receive()
        return service.recordings(recording_mbids, service.incs(inc))

    return router


def _fields(entry: Entry) -> dict[str, str]:
    return {"artist": " ".join(entry.recording.artists), "recording": entry.title}


def _match(entry: Entry, incs: frozenset[str], *, metadata: bool) -> dict[str, Any]:
    recording = entry.recording
    body: dict[str, Any] = {
        "artist_credit_name": _credit(recording),
        "artist_mbids": [mbid("artist", name) for name in recording.artists],
        "recording_mbid": recording.mbid,
        "recording_name": entry.title,
        "release_mbid": recording.release_mbid,
        "release_name": recording.album,
    }
    return {**body, "metadata": _details(entry, incs)} if metadata else body


def _details(entry: Entry, incs: frozenset[str]) -> dict[str, Any]:
    recording = entry.recording
    about: dict[str, Any] = {
        "first_release_date": entry.first_release_date,
        "length": entry.length,
        "name": entry.title,
        "rels": [],
    }
    if entry.isrcs:
        about["isrcs"] = list(entry.isrcs)
    parts = {"artist": _artist(recording), "tag": _tags(recording), "release": _release(recording)}
    return {"recording": about} | {name: part for name, part in parts.items() if name in incs}


def _credit(recording: Recording) -> str:
    guests = f" feat. {' & '.join(recording.featured)}" if recording.featured else ""
    return f"{recording.artist}{guests}"


def _artist(recording: Recording) -> dict[str, Any]:
    return {
        "artist_credit_id": between(1, 3_000_000, "artist credit", *recording.artists),
        "artists": [
            {"artist_mbid": mbid("artist", name), "join_phrase": "", "name": name, "type": "Group"}
            for name in recording.artists
        ],
        "name": _credit(recording),
    }


def _tags(recording: Recording) -> dict[str, Any]:
    names = [recording.style.lower(), recording.genre.lower()]
    votes = [
        {"count": 5 - place, "genre_mbid": mbid("genre", name), "tag": name}
        for place, name in enumerate(names)
    ]
    tagged = fraction("tagged", NAME, *recording.identity) < 0.5
    return {"artist": [], "recording": votes if tagged else [], "release_group": votes}


def _release(recording: Recording) -> dict[str, Any]:
    return {
        "album_artist_name": recording.artist,
        "caa_id": between(10**9, 4 * 10**10, "cover", recording.artist, recording.album),
        "caa_release_mbid": recording.release_mbid,
        "mbid": recording.release_mbid,
        "name": recording.album,
        "release_group_mbid": mbid("release-group", recording.artist, recording.album),
        "year": int(recording.year),
    }


def _rate_headers(behaviour: Behaviour) -> dict[str, str]:
    seconds = int(behaviour.limit.seconds)
    return {
        "X-RateLimit-Limit": str(behaviour.allowed),
        "X-RateLimit-Remaining": str(max(0, behaviour.allowed - behaviour.used)),
        "X-RateLimit-Reset-In": str(seconds),
        "X-RateLimit-Reset": str(int(time.time()) + seconds),
    }


def _error(status: int, text: str, behaviour: Behaviour, **headers: str) -> Response:
    every = {**_rate_headers(behaviour), **headers}
    return JSONResponse({"code": status, "error": text}, status_code=status, headers=every)


def _trouble(trouble: Trouble, behaviour: Behaviour) -> Response:
    if trouble is Trouble.ERROR:
        return _error(500, "Server failed to lookup recording", behaviour)
    if trouble is Trouble.TIMEOUT:
        return Response("<html><h1>504 Gateway Time-out</h1></html>", 504, media_type="text/html")
    waiting = str(behaviour.knobs.retry_after_seconds)
    named = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-In": waiting}
    return _error(429, _BUSY, behaviour, **(named if trouble is Trouble.THROTTLED else {}))
