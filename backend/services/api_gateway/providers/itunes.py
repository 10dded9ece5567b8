"""Apple's iTunes Search API. No account; no ISRC in its answers; too many calls get an empty 403."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import (
    HttpAnswer,
    Judgement,
    judge_api_by_status,
    throttled,
)
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://itunes.apple.com"
_ARTWORK_SIZE = re.compile(r"/\d+x\d+bb(?=\.\w+$)")
_SINGLE_OR_EP = re.compile(r" - (?:Single|EP)$")
_UNKNOWN_DATE = "1900-01-01"
"""What old compilations have where Apple was not told."""
_COUNTRY = "US"
"""The store with the most songs; each country has its own."""
_DOUBLE_GENRES = {"Hip-Hop/Rap": ("Hip-Hop", "Rap"), "R&B/Soul": ("R&B", "Soul")}
_EXPLICIT = {"explicit": True, "cleaned": False, "notExplicit": False}


def build(connection: Connection) -> "ITunes":
    """The adapter."""
    return ITunes(connection.address(LIVE_URL, "itunes"), connection.user_agent)


class ITunes:
    """Adapter for songs."""

    name = "itunes"
    version = 1
    # Apple says about 20 calls a minute; the window is a little wider, because that is all it says.
    # https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI
    limit = RateLimit(calls=20, seconds=61.0)
    missing_credentials = ""

    def __init__(self, base_url: str, user_agent: str) -> None:
        self._base_url = base_url
        self._headers = {"User-Agent": user_agent}

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:  # noqa: ARG002
        """An empty 403 is Apple's way to say 429."""
        if answer.status == 403 and not answer.body.strip():
            return throttled(answer, now)
        return judge_api_by_status(answer, now)

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """By words: there is no search by field or ISRC."""
        term = f"{query.artist_name} {query.track_title}"
        params = {"term": term, "media": "music", "entity": "song", "limit": str(query.limit)}
        return await call(self._request("search", "search", params))

    async def track(self, track_id: str, call: Call) -> Reply:
        """By iTunes track identifier."""
        if not (track_id.isdecimal() and track_id.isascii()):
            return Reply(Outcome.NOT_FOUND, detail="that is not an iTunes identifier")
        return await call(self._request("track", "lookup", {"id": track_id}))

    def _request(self, endpoint: str, path: str, params: Mapping[str, str]) -> ProviderRequest:
        url = f"{self._base_url}/{path}"
        return ProviderRequest(endpoint, url, parse_songs, {**params, "country": _COUNTRY}, self._headers)


def parse_songs(payload: Any) -> Sequence[TrackCandidate]:
    """Read the songs of a search or a look-up; albums, artists and videos among them are passed over."""
    results = reading.items(reading.mapping(payload, "the answer").get("results"), "'results'")
    found = [reading.mapping(result, "a result") for result in results]
    return [parse_song(result) for result in found if _is_song(result)]


def _is_song(result: Mapping[str, Any]) -> bool:
    return result.get("wrapperType") == "track" and result.get("kind") == "song"


def parse_song(song: Mapping[str, Any]) -> TrackCandidate:
    """Read one song. Several artists stand in one text, which cannot be split: some names hold an `&`."""
    title = reading.required_text(song, "trackName", "a song")
    genre = reading.text(song, "primaryGenreName") or ""
    return TrackCandidate(
        provider=ITunes.name,
        provider_id=reading.required_text(song, "trackId", "a song"),
        title=title,
        artists=[reading.required_text(song, "artistName", "a song")],
        version=reading.version_in(title),
        album=_SINGLE_OR_EP.sub("", reading.text(song, "collectionName") or "") or None,
        release_date=_day(song),
        duration_ms=reading.whole(song, "trackTimeMillis"),
        genres=list(_DOUBLE_GENRES.get(genre, (genre,))) if genre else [],
        explicit=_EXPLICIT.get(str(song.get("trackExplicitness"))),
        artwork_url=_ARTWORK_SIZE.sub("/1000x1000bb", reading.text(song, "artworkUrl100") or "") or None,
        url=reading.text(song, "trackViewUrl"),
    )


def _day(song: Mapping[str, Any]) -> str | None:
    """Apple gives a moment of the day, noon or midnight in California, that means nothing."""
    day = (reading.text(song, "releaseDate") or "").partition("T")[0]
    return None if day == _UNKNOWN_DATE else reading.date(day)
