"""MusicBrainz, web service version 2. No account; a User-Agent that names who is calling."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import HttpAnswer, Judgement, judge_api_by_status, throttled
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply, first_with_hits
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://musicbrainz.org/ws/2"
_LUCENE_SPECIAL = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')
_LOOKUP_INC = "artist-credits+releases+isrcs+genres+tags"


def build(connection: Connection) -> "MusicBrainz":
    """The adapter."""
    return MusicBrainz(connection.address(LIVE_URL, "musicbrainz/ws/2"), connection.user_agent)


class MusicBrainz:
    """Adapter for recordings. Its search score is relevance within the query, so it is not passed on."""

    name = "musicbrainz"
    version = 2
    # One call a second by IP address; the window is a little wider, because the way there takes differently
    # long for each call. https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting
    limit = RateLimit(calls=1, seconds=1.05)
    missing_credentials = ""

    def __init__(self, base_url: str, user_agent: str) -> None:
        self._base_url = base_url
        self._headers = {"User-Agent": user_agent, "Accept": "application/json"}

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:  # noqa: ARG002
        """A 503 with the rate-limit text is their way to say 429; a 403 is about the User-Agent."""
        if answer.status == 503 and b"rate limit" in answer.body:
            return throttled(answer, now)
        if answer.status == 403:
            return Judgement(Outcome.BAD_REQUEST, "MusicBrainz refused the User-Agent")
        return judge_api_by_status(answer, now)

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """By ISRC when there is one, else by words."""
        requests = [self._search(query)]
        if code := reading.isrc(query.isrc):
            requests.insert(0, self._isrc(code))
        return await first_with_hits(requests, call)

    async def track(self, track_id: str, call: Call) -> Reply:
        """By MusicBrainz recording identifier."""
        if not reading.is_mbid(track_id):
            return Reply(Outcome.NOT_FOUND, detail="that is not a MusicBrainz identifier")
        return await call(self._request("track", f"recording/{track_id}", parse_lookup, inc=_LOOKUP_INC))

    def _search(self, query: SearchRequest) -> ProviderRequest:
        lucene = f'recording:"{_escape(query.track_title)}" AND artist:"{_escape(query.artist_name)}"'
        return self._request("search", "recording", parse_search, query=lucene, limit=str(query.limit))

    def _isrc(self, code: str) -> ProviderRequest:
        return self._request("isrc", f"isrc/{code}", parse_isrc, inc="artist-credits+releases+isrcs")

    def _request(self, endpoint: str, path: str, parse: Any, **params: str) -> ProviderRequest:
        url = f"{self._base_url}/{path}"
        return ProviderRequest(endpoint, url, parse, {**params, "fmt": "json"}, self._headers)


def _escape(words: str) -> str:
    return _LUCENE_SPECIAL.sub(r"\\\1", words)


def parse_search(payload: Any) -> Sequence[TrackCandidate]:
    """Read a recording search."""
    recordings = reading.items(reading.mapping(payload, "the answer").get("recordings"), "'recordings'")
    return [parse_recording(recording) for recording in recordings]


def parse_isrc(payload: Any) -> Sequence[TrackCandidate]:
    """Read an ISRC look-up; MusicBrainz may know several recordings by one ISRC."""
    answer = reading.mapping(payload, "the answer")
    code = reading.isrc(answer.get("isrc"))
    found = [parse_recording(item) for item in reading.items(answer.get("recordings"), "'recordings'")]
    return [candidate.model_copy(update={"isrc": candidate.isrc or code}) for candidate in found]


def parse_lookup(payload: Any) -> Sequence[TrackCandidate]:
    """Read a recording look-up."""
    return [parse_recording(payload)]


def parse_recording(value: Any) -> TrackCandidate:
    """Read one recording, from a search or a look-up. Lengths are milliseconds."""
    recording = reading.mapping(value, "a recording")
    title = reading.required_text(recording, "title", "a recording")
    identifier = reading.required_text(recording, "id", "a recording")
    releases = [reading.mapping(item, "a release") for item in recording.get("releases") or []]
    isrcs = [code for code in map(reading.isrc, recording.get("isrcs") or []) if code]
    return TrackCandidate(
        provider=MusicBrainz.name,
        provider_id=identifier,
        title=title,
        artists=_artists(recording),
        version=reading.version_in(title) or reading.text(recording, "disambiguation"),
        album=reading.text(releases[0], "title") if releases else None,
        release_id=reading.text(releases[0], "id") if releases else None,
        isrc=isrcs[0] if isrcs else None,
        release_date=_first_date(recording, releases),
        duration_ms=reading.whole(recording, "length"),
        genres=_genres(recording),
        url=f"https://musicbrainz.org/recording/{identifier}",
    )


def _artists(recording: Mapping[str, Any]) -> list[str]:
    names = []
    for value in recording.get("artist-credit") or []:
        credit = reading.mapping(value, "an artist credit")
        name = reading.text(credit, "name")
        names.append(name or reading.required_text(credit.get("artist") or {}, "name", "an artist credit"))
    return names


def _first_date(recording: Mapping[str, Any], releases: Sequence[Mapping[str, Any]]) -> str | None:
    known = (reading.date(release.get("date")) for release in releases)
    return reading.date(recording.get("first-release-date")) or min(filter(None, known), default=None)


def _genres(recording: Mapping[str, Any]) -> list[str]:
    votes = recording.get("genres") or recording.get("tags") or []
    named = [(reading.number(vote, "count") or 0, reading.text(vote, "name")) for vote in votes]
    return [name for count, name in sorted(named, key=lambda vote: -vote[0]) if name and count > 0]
