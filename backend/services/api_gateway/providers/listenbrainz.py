"""ListenBrainz' metadata, which maps names to MusicBrainz recordings.

https://listenbrainz.readthedocs.io/en/latest/users/api/metadata.html. By identifier it answers everybody; by
names since 2025-12-11 only callers with a token, because of scrapers:
https://blog.metabrainz.org/2025/12/11/we-cant-have-nice-things-because-of-ai-scrapers/
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.headers import BudgetHeaders
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import HttpAnswer, Judgement, judge_api_by_status
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://api.listenbrainz.org/1"
_INC = "artist tag release"
_HEADERS = BudgetHeaders(
    limit="x-ratelimit-limit", remaining="x-ratelimit-remaining", reset_in="x-ratelimit-reset-in"
)


def build(connection: Connection) -> "ListenBrainz":
    """The adapter."""
    token = connection.credentials.get("listenbrainz_token")
    return ListenBrainz(connection.address(LIVE_URL, "listenbrainz/1"), connection.user_agent, token)


class ListenBrainz:
    """Adapter for recordings. A search gives the recording that fits best; identifiers are MusicBrainz'."""

    name = "listenbrainz"
    version = 1
    # No limit is documented, the answer's headers name it: 30 calls in 10 s for a caller without a token.
    limit = RateLimit(calls=30, seconds=10.5, headers=_HEADERS)

    def __init__(self, base_url: str, user_agent: str, token: SecretStr | None) -> None:
        self._base_url = base_url
        self._user_agent = user_agent
        self._token = token

    @property
    def missing_credentials(self) -> str:
        """The search needs a user token, which every account has; a look-up does not."""
        if self._token is not None:
            return ""
        return "ListenBrainz' search needs a user token (Settings, provider credentials)"

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:  # noqa: ARG002
        """Status codes as meant; the time to wait after a 429 stands in a header of their own."""
        judgement = judge_api_by_status(answer, now)
        seconds = answer.headers.get("x-ratelimit-reset-in", "")
        if judgement.outcome is Outcome.THROTTLED and judgement.retry_after is None and seconds.isdecimal():
            return Judgement(judgement.outcome, judgement.detail, float(seconds))
        return judgement

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """By artist and title; ListenBrainz looks nothing up by ISRC."""
        params = {"artist_name": query.artist_name, "recording_name": query.track_title, "metadata": "true"}
        return await call(self._request("search", "lookup", parse_search, params))

    async def track(self, track_id: str, call: Call) -> Reply:
        """By MusicBrainz recording identifier."""
        if not reading.is_mbid(track_id):
            return Reply(Outcome.NOT_FOUND, detail="that is not a MusicBrainz identifier")
        return await call(self._request("track", "recording", parse_lookup, {"recording_mbids": track_id}))

    def _request(self, endpoint: str, path: str, parse: Any, params: Mapping[str, str]) -> ProviderRequest:
        url = f"{self._base_url}/metadata/{path}/"
        return ProviderRequest(endpoint, url, parse, {**params, "inc": _INC}, self._headers())

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": self._user_agent}
        if self._token is not None:
            headers["Authorization"] = f"Token {self._token.get_secret_value()}"
        return headers


def parse_search(payload: Any) -> Sequence[TrackCandidate]:
    """Read a look-up by names; an empty object says that nothing fits."""
    match = reading.mapping(payload, "the answer")
    if not match:
        return []
    details = reading.mapping(match.get("metadata") or {}, "'metadata'")
    identifier = reading.required_text(match, "recording_mbid", "the match")
    title = reading.required_text(match, "recording_name", "the match")
    candidate = _candidate(identifier, title, reading.text(match, "artist_credit_name"), details)
    names = {
        "album": candidate.album or reading.text(match, "release_name"),
        "release_id": candidate.release_id or reading.text(match, "release_mbid"),
    }
    return [candidate.model_copy(update=names)]


def parse_lookup(payload: Any) -> Sequence[TrackCandidate]:
    """Read a look-up by identifiers, an object by identifier that leaves out the unknown ones."""
    found = reading.mapping(payload, "the answer")
    return [_looked_up(identifier, details) for identifier, details in found.items()]


def _looked_up(identifier: str, value: Any) -> TrackCandidate:
    details = reading.mapping(value, "a recording's data")
    recording = reading.mapping(details.get("recording"), "'recording'")
    return _candidate(identifier, reading.required_text(recording, "name", "a recording"), None, details)


def _candidate(
    identifier: str, title: str, credited: str | None, details: Mapping[str, Any]
) -> TrackCandidate:
    recording = reading.mapping(details.get("recording") or {}, "'recording'")
    release = reading.mapping(details.get("release") or {}, "'release'")
    isrcs = [code for code in map(reading.isrc, recording.get("isrcs") or []) if code]
    year = reading.whole(release, "year")
    return TrackCandidate(
        provider=ListenBrainz.name,
        provider_id=identifier,
        title=title,
        artists=_artists(details, credited),
        version=reading.version_in(title),
        album=reading.text(release, "name"),
        release_id=reading.text(release, "mbid"),
        isrc=isrcs[0] if isrcs else None,
        release_date=reading.date(recording.get("first_release_date")) or reading.date(year),
        duration_ms=reading.whole(recording, "length"),
        genres=_genres(details),
        artwork_url=_artwork(release),
        url=f"https://listenbrainz.org/track/{identifier}",
    )


def _artists(details: Mapping[str, Any], credited: str | None) -> list[str]:
    artist = reading.mapping(details.get("artist") or {}, "'artist'")
    each = [reading.required_text(one, "name", "an artist") for one in artist.get("artists") or []]
    whole = credited or reading.text(artist, "name")
    return each or ([whole] if whole else [])


def _genres(details: Mapping[str, Any]) -> list[str]:
    """The recording's tags, else its release group's: most votes first, genres before other tags."""
    tags = reading.mapping(details.get("tag") or {}, "'tag'")
    votes = tags.get("recording") or tags.get("release_group") or []
    ranked = sorted(votes, key=lambda tag: ("genre_mbid" not in tag, -(reading.number(tag, "count") or 0)))
    names = (reading.text(tag, "tag") for tag in ranked if (reading.number(tag, "count") or 0) > 0)
    return [name for name in names if name]


def _artwork(release: Mapping[str, Any]) -> str | None:
    identifier, image = reading.text(release, "caa_release_mbid"), reading.whole(release, "caa_id")
    if identifier is None or image is None:
        return None
    return f"https://coverartarchive.org/release/{identifier}/{image}-1200.jpg"
