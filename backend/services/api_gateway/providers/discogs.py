"""Discogs' API. Search needs a token; a release look-up does not. It knows releases, not recordings."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.headers import BudgetHeaders
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import ContractError, HttpAnswer, Judgement, judge_api_by_status
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, Parse, ProviderRequest, Reply
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://api.discogs.com"
# 60 in a moving minute with a token, 25 without. One call is left to spare, and half a second for the way;
# what others use of the same account, the headers of each answer tell.
_HEADERS = BudgetHeaders(limit="x-discogs-ratelimit", remaining="x-discogs-ratelimit-remaining")
_LIMIT = RateLimit(calls=59, seconds=60.5, headers=_HEADERS)
_LIMIT_WITHOUT_TOKEN = RateLimit(calls=24, seconds=60.5, headers=_HEADERS)
_NAMESAKE = re.compile(r"\s\(\d+\)$")
_WORD = re.compile(r"\w+")


def build(connection: Connection) -> "Discogs":
    """The adapter."""
    token = connection.credentials.get("discogs_token")
    return Discogs(connection.address(LIVE_URL, "discogs"), connection.user_agent, token)


class Discogs:
    """Adapter: finds a release by artist and track, then reads the track out of its track list.

    A track's identifier here is the release's, a hyphen, and the position on it: `249504-A1`.
    """

    name = "discogs"
    version = 1

    def __init__(self, base_url: str, user_agent: str, token: SecretStr | None) -> None:
        self._base_url = base_url
        self._user_agent = user_agent
        self._token = token
        self.limit = _LIMIT_WITHOUT_TOKEN if token is None else _LIMIT

    @property
    def missing_credentials(self) -> str:
        """The search needs a personal access token; a release can be looked up without one."""
        if self._token is not None:
            return ""
        return "Discogs' search needs a personal access token (Settings, provider credentials)"

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:  # noqa: ARG002
        """Discogs uses HTTP's status codes as meant."""
        return judge_api_by_status(answer, now)

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """Search releases, then read the best one: two calls."""
        found = await call(self._search(query))
        if found.outcome is not Outcome.OK:
            return found
        release_id = reading.required_text(found.payload["results"][0], "id", "a release")
        return await call(self._release(release_id, partial(parse_release, wanted=query.track_title)))

    async def track(self, track_id: str, call: Call) -> Reply:
        """By release and position, as `search` names tracks."""
        release_id, _, position = track_id.partition("-")
        if not (release_id.isdecimal() and release_id.isascii() and position):
            return Reply(Outcome.NOT_FOUND, detail="that is not a Discogs release with a position")

        def parse(payload: Any) -> Sequence[TrackCandidate]:
            return [track for track in parse_release(payload) if track.provider_id == track_id]

        return await call(self._release(release_id, parse))

    def _search(self, query: SearchRequest) -> ProviderRequest:
        params = {
            "type": "release",
            "artist": query.artist_name,
            "track": query.track_title,
            "per_page": str(query.limit),
        }
        url = f"{self._base_url}/database/search"
        return ProviderRequest("search", url, check_search, params, self._headers())

    def _release(self, release_id: str, parse: Parse) -> ProviderRequest:
        url = f"{self._base_url}/releases/{release_id}"
        return ProviderRequest("release", url, parse, {}, self._headers())

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": self._user_agent, "Accept": "application/vnd.discogs.v2.plaintext+json"}
        if self._token is not None:
            headers["Authorization"] = f"Discogs token={self._token.get_secret_value()}"
        return headers


def check_search(payload: Any) -> Sequence[TrackCandidate] | None:
    """Check the form of a search: its hits are releases, so there is no track in them yet."""
    hits = reading.items(reading.mapping(payload, "the answer").get("results"), "'results'")
    for hit in hits:
        reading.required_text(reading.mapping(hit, "a hit"), "id", "a hit")
    return None if hits else ()


def parse_release(payload: Any, wanted: str | None = None) -> Sequence[TrackCandidate]:
    """Read the tracks of a release; with `wanted`, those whose title shares a word with it."""
    release = reading.mapping(payload, "a release")
    entries = reading.items(release.get("tracklist"), "'tracklist'")
    tracks = [reading.mapping(entry, "a track") for entry in entries]
    return [
        _candidate(release, track, place)
        for place, track in enumerate(tracks, start=1)
        if track.get("type_", "track") == "track" and (wanted is None or _resembles(track, wanted))
    ]


def _resembles(track: Mapping[str, Any], wanted: str) -> bool:
    words = set(_WORD.findall(wanted.casefold()))
    return not words or bool(words & set(_WORD.findall(str(track.get("title")).casefold())))


def _candidate(release: Mapping[str, Any], track: Mapping[str, Any], place: int) -> TrackCandidate:
    title = reading.required_text(track, "title", "a track")
    release_id = reading.required_text(release, "id", "a release")
    labels = release.get("labels") or [{}]
    catalogue_number = reading.text(labels[0], "catno")
    return TrackCandidate(
        provider=Discogs.name,
        provider_id=f"{release_id}-{reading.text(track, 'position') or place}",
        title=title,
        artists=_artists(release, track),
        version=reading.version_in(title),
        album=reading.text(release, "title"),
        label=_without_number(reading.text(labels[0], "name")),
        catalogue_number=None if catalogue_number in {"none", "None"} else catalogue_number,
        release_date=reading.date(release.get("released")) or reading.date(release.get("year")),
        duration_ms=reading.clock_duration_ms(track.get("duration")),
        genres=[*(release.get("styles") or []), *(release.get("genres") or [])],
        artwork_url=_artwork(release),
        url=f"https://www.discogs.com/release/{release_id}",
    )


def _artists(release: Mapping[str, Any], track: Mapping[str, Any]) -> list[str]:
    credits_ = track.get("artists") or release.get("artists") or []
    guests = [credit for credit in track.get("extraartists") or [] if "Featuring" in str(credit.get("role"))]
    names = [_artist(reading.mapping(credit, "an artist")) for credit in [*credits_, *guests]]
    if not names:
        raise ContractError("a release has no artist")
    return names


def _artist(credit: Mapping[str, Any]) -> str:
    """The name as credited here; else as filed, without the namesake's number, `The` back in front."""
    name = reading.text(credit, "anv") or reading.required_text(credit, "name", "an artist")
    plain = _without_number(name) or name
    return f"The {plain[:-5]}" if plain.endswith(", The") else plain


def _without_number(name: str | None) -> str | None:
    return None if name is None else _NAMESAKE.sub("", name)


def _artwork(release: Mapping[str, Any]) -> str | None:
    images = release.get("images") or []
    return reading.text(images[0], "uri") if images and isinstance(images[0], dict) else None
