"""Deezer's API. No account for catalogue reads; errors come as HTTP 200 with an error object."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import (
    ContractError,
    HttpAnswer,
    Judgement,
    judge_api_by_status,
    throttled,
)
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply, first_with_hits
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://api.deezer.com"
_ERRORS = {
    200: Outcome.CREDENTIAL,
    300: Outcome.CREDENTIAL,
    500: Outcome.BAD_REQUEST,
    501: Outcome.BAD_REQUEST,
    600: Outcome.BAD_REQUEST,
    700: Outcome.FAILURE,
    800: Outcome.NOT_FOUND,
}
"""Deezer's error codes, https://developers.deezer.com/api/errors. Code 4 is its rate limit."""
_LARGEST_ERROR = 2_048
"""Bytes; an answer longer than this is no error object, and is not parsed twice."""
_LARGEST_RANK = 1_000_000


def build(connection: Connection) -> "Deezer":
    """The adapter."""
    return Deezer(connection.address(LIVE_URL, "deezer"), connection.user_agent)


class Deezer:
    """Adapter for tracks. A search hit has no ISRC, date or tempo; the look-up has."""

    name = "deezer"
    version = 1
    limit = RateLimit(calls=50, seconds=5.1)
    missing_credentials = ""

    def __init__(self, base_url: str, user_agent: str) -> None:
        self._base_url = base_url
        self._headers = {"User-Agent": user_agent}

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:  # noqa: ARG002
        """The status says little: the body tells."""
        if answer.status != 200:
            return judge_api_by_status(answer, now)
        if not answer.body.strip():  # seen under load, in place of error 4
            return Judgement(Outcome.THROTTLED, "Deezer sent an empty answer, as it does under load")
        if len(answer.body) > _LARGEST_ERROR:
            return Judgement(Outcome.OK)
        return _judge_small(answer, now)

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """By ISRC when there is one, then by fields, then by plain words: field search misses tracks."""
        title, artist = _plain(query.track_title), _plain(query.artist_name)
        requests = [
            self._search("by fields", f'artist:"{artist}" track:"{title}"', query.limit),
            self._search("by words", f"{artist} {title}", query.limit),
        ]
        if code := reading.isrc(query.isrc):
            requests.insert(0, self._request("isrc", f"track/isrc:{code}", parse_lookup))
        return await first_with_hits(requests, call)

    async def track(self, track_id: str, call: Call) -> Reply:
        """By Deezer track identifier."""
        if not (track_id.isdecimal() and track_id.isascii()):
            return Reply(Outcome.NOT_FOUND, detail="that is not a Deezer identifier")
        return await call(self._request("track", f"track/{track_id}", parse_lookup))

    def _search(self, form: str, text: str, limit: int) -> ProviderRequest:
        return self._request("search", "search", parse_search, form, q=text, limit=str(limit))

    def _request(
        self, endpoint: str, path: str, parse: Any, form: str = "", **params: str
    ) -> ProviderRequest:
        return ProviderRequest(endpoint, f"{self._base_url}/{path}", parse, params, self._headers, form)


def _judge_small(answer: HttpAnswer, now: datetime) -> Judgement:
    try:
        payload = reading.mapping(answer.json(), "the answer")
        if "error" not in payload:
            return Judgement(Outcome.OK)
        error = reading.mapping(payload["error"], "the error")
    except ContractError as problem:
        return Judgement(Outcome.CONTRACT, str(problem))
    code = reading.number(error, "code")
    if code == 4:
        return throttled(answer, now)
    outcome = _ERRORS.get(int(code or 0), Outcome.FAILURE)
    return Judgement(outcome, f"Deezer said: {reading.text(error, 'message') or 'error without a text'}")


def _plain(words: str) -> str:
    return words.replace('"', " ").strip()


def parse_search(payload: Any) -> Sequence[TrackCandidate]:
    """Read a track search."""
    found = reading.items(reading.mapping(payload, "the answer").get("data"), "'data'")
    return [parse_track(item) for item in found]


def parse_lookup(payload: Any) -> Sequence[TrackCandidate]:
    """Read a track look-up."""
    return [parse_track(payload)]


def parse_track(value: Any) -> TrackCandidate:
    """Read one track, from a search or a look-up. Deezer gives whole seconds, and 0 for an unknown tempo."""
    track = reading.mapping(value, "a track")
    title = reading.required_text(track, "title", "a track")
    identifier = reading.required_text(track, "id", "a track")
    seconds = reading.whole(track, "duration")
    bpm, rank = reading.number(track, "bpm"), reading.number(track, "rank")
    album = track.get("album") or {}
    return TrackCandidate(
        provider=Deezer.name,
        provider_id=identifier,
        title=title,
        artists=_artists(track),
        version=(reading.text(track, "title_version") or "").strip("() ") or reading.version_in(title),
        album=reading.text(album, "title"),
        isrc=reading.isrc(track.get("isrc")),
        release_date=reading.date(track.get("release_date")) or reading.date(album.get("release_date")),
        duration_ms=None if seconds is None else seconds * 1000,
        bpm=bpm or None,
        explicit=track.get("explicit_lyrics"),
        popularity=None if rank is None else min(rank / _LARGEST_RANK, 1.0),
        artwork_url=reading.text(album, "cover_xl"),
        url=reading.text(track, "link"),
    )


def _artists(track: Mapping[str, Any]) -> list[str]:
    credited = track.get("contributors") or [track.get("artist") or {}]
    return [reading.required_text(artist, "name", "an artist") for artist in credited]
