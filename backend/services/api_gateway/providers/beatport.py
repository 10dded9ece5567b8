"""Beatport's API, version 4. Its credentials are given to partners only; it sells electronic music only.

The format is taken from published samples; it has not been tried against the service itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import (
    HttpAnswer,
    Judgement,
    is_web_page,
    judge_api_by_status,
    retry_after_seconds,
)
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, Parse, ProviderRequest, Reply
from backend.services.api_gateway.providers.client_credentials import ClientCredentials, refuses_client
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://api.beatport.com/v4"
_SHELF_DETAIL = re.compile(r"\s*\([^()]*\)")
_SHARED_SHELVES = {"Melodic House & Techno": ("Melodic House", "Melodic Techno")}
_ORIGINAL = "Original Mix"
_CHALLENGE_MARKS = (b"challenge-platform", b"cf-chl", b"Just a moment", b"captcha")


def build(connection: Connection) -> "Beatport":
    """The adapter."""
    return Beatport(
        connection.address(LIVE_URL, "beatport/v4"),
        connection.user_agent,
        connection.credentials.get("beatport_client_id"),
        connection.credentials.get("beatport_client_secret"),
        connection.clock,
    )


class Beatport:
    """Adapter for tracks, called with an access token for the operator's client credentials."""

    name = "beatport"
    version = 1
    # Beatport publishes no limit and answers haste with bot challenges: a careful one, not a documented one.
    limit = RateLimit(calls=30, seconds=60.0)

    def __init__(
        self,
        base_url: str,
        user_agent: str,
        client_id: SecretStr | None,
        client_secret: SecretStr | None,
        clock: Callable[[], float],
    ) -> None:
        self._base_url = base_url
        self._user_agent = user_agent
        token_url = f"{base_url}/auth/o/token/"
        self._access = ClientCredentials("Beatport", token_url, client_id, client_secret, clock)

    @property
    def missing_credentials(self) -> str:
        """Both halves of the client credentials are needed."""
        return self._access.missing

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:
        """A bot challenge asks to slow down, whatever its status says."""
        if refuses_client(request, answer):
            return Judgement(Outcome.CREDENTIAL, "Beatport refused the client id or secret")
        if _is_challenge(answer):
            seconds = retry_after_seconds(answer.headers, now)
            return Judgement(Outcome.THROTTLED, "Beatport took the gateway for a bot", seconds)
        return judge_api_by_status(answer, now)

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """By ISRC when there is one, else by words."""
        words = f"{query.artist_name} {query.track_title}"
        page = {"per_page": str(query.limit)}

        def requests(header: str) -> list[ProviderRequest]:
            search = {"q": words, "type": "tracks", **page}
            found = [self._request("search", "catalog/search/", parse_search, header, search)]
            if code := reading.isrc(query.isrc):
                by_isrc = {"isrc": code, **page}
                found.insert(0, self._request("isrc", "catalog/tracks/", parse_listing, header, by_isrc))
            return found

        return await self._access.ask(requests, call)

    async def track(self, track_id: str, call: Call) -> Reply:
        """By Beatport track identifier."""
        if not (track_id.isdecimal() and track_id.isascii()):
            return Reply(Outcome.NOT_FOUND, detail="that is not a Beatport identifier")
        path = f"catalog/tracks/{track_id}/"

        def requests(header: str) -> list[ProviderRequest]:
            return [self._request("track", path, parse_lookup, header, {})]

        return await self._access.ask(requests, call)

    def _request(
        self, endpoint: str, path: str, parse: Parse, authorization: str, params: Mapping[str, str]
    ) -> ProviderRequest:
        headers = {"User-Agent": self._user_agent, "Authorization": authorization}
        return ProviderRequest(endpoint, f"{self._base_url}/{path}", parse, params, headers)


def _is_challenge(answer: HttpAnswer) -> bool:
    if answer.headers.get("cf-mitigated") == "challenge":
        return True
    refused = answer.status in {403, 429, 503} and is_web_page(answer)
    return refused and any(mark in answer.body for mark in _CHALLENGE_MARKS)


def parse_search(payload: Any) -> Sequence[TrackCandidate]:
    """Read a track search."""
    found = reading.items(reading.mapping(payload, "the answer").get("tracks"), "'tracks'")
    return [parse_track(track) for track in found]


def parse_listing(payload: Any) -> Sequence[TrackCandidate]:
    """Read a list of tracks; Beatport has one for every release that a recording is on."""
    found = reading.items(reading.mapping(payload, "the answer").get("results"), "'results'")
    return [parse_track(track) for track in found]


def parse_lookup(payload: Any) -> Sequence[TrackCandidate]:
    """Read a track look-up."""
    return [parse_track(payload)]


def parse_track(value: Any) -> TrackCandidate:
    """Read one track. `mix_name` is its version, for the original too."""
    track = reading.mapping(value, "a track")
    identifier = reading.required_text(track, "id", "a track")
    release = reading.mapping(track.get("release"), "'release'")
    return TrackCandidate(
        provider=Beatport.name,
        provider_id=identifier,
        title=_title(track),
        artists=[_name(artist, "an artist") for artist in reading.items(track.get("artists"), "'artists'")],
        version=reading.text(track, "mix_name"),
        album=reading.text(release, "name"),
        label=reading.text(release.get("label") or {}, "name"),
        catalogue_number=reading.text(track, "catalog_number"),
        isrc=reading.isrc(track.get("isrc")),
        release_date=reading.date(track.get("new_release_date")) or reading.date(track.get("publish_date")),
        duration_ms=reading.whole(track, "length_ms") or reading.clock_duration_ms(track.get("length")),
        bpm=reading.number(track, "bpm") or None,
        key=reading.text(track.get("key") or {}, "name"),
        genres=_genres(track),
        explicit=track.get("is_explicit"),
        artwork_url=reading.text(release.get("image") or {}, "uri"),
        url=f"https://www.beatport.com/track/{reading.text(track, 'slug') or '-'}/{identifier}",
    )


def _title(track: Mapping[str, Any]) -> str:
    """As Beatport shows it: with the mix in brackets, unless that is the original."""
    name, mix = reading.required_text(track, "name", "a track"), reading.text(track, "mix_name")
    if mix is None or mix == _ORIGINAL or mix.casefold() in name.casefold():
        return name
    return f"{name} ({mix})"


def _genres(track: Mapping[str, Any]) -> list[str]:
    """Beatport's shelves, `Nu Disco / Disco` or `Techno (Peak Time / Driving)`, as the genres on them."""
    shelves = [_name(shelf, "a genre") for key in ("genre", "sub_genre") if (shelf := track.get(key))]
    found = [name for shelf in shelves for name in _SHELF_DETAIL.sub("", shelf).split(" / ")]
    return list(dict.fromkeys(genre for name in found for genre in _SHARED_SHELVES.get(name, (name,))))


def _name(value: Any, what: str) -> str:
    return reading.required_text(reading.mapping(value, what), "name", what)
