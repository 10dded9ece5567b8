"""Spotify's Web API with client credentials. Audio features are closed to applications since 2024-11-27."""

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.rate_gate import RateLimit
from backend.services.api_gateway.outcomes import HttpAnswer, Judgement, judge_by_status
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply, first_with_hits

LIVE_URL = "https://api.spotify.com/v1"
LIVE_TOKEN_URL = "https://accounts.spotify.com/api/token"  # noqa: S105 - an address
_RENEW_SECONDS_EARLY = 60.0
_LARGEST_PAGE = 10
"""Applications in development mode get no more since March 2026."""


@dataclass(frozen=True)
class _Token:
    header: str = field(repr=False)
    ends: float = 0.0


class Spotify:
    """Adapter for tracks. Keeps its access token in memory and renews it before it ends."""

    name = "spotify"
    version = 1
    # Spotify publishes a rolling window of 30 s but not its size; this stays well below what others saw.
    limit = RateLimit(calls=90, seconds=30.0)

    def __init__(
        self,
        base_url: str,
        token_url: str,
        client_id: SecretStr | None,
        client_secret: SecretStr | None,
        clock: Callable[[], float],
    ) -> None:
        self._base_url = base_url
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._token: _Token | None = None
        self._renewing = asyncio.Lock()

    @property
    def missing_credentials(self) -> str:
        """Both halves of the client credentials are needed."""
        if self._client_id is None or self._client_secret is None:
            return "Spotify needs a client id and a client secret (Settings, provider credentials)"
        return ""

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:
        """The token address says 400 for wrong credentials; QUOTA_EXCEEDED tells a quota from a rate."""
        if request.endpoint == "token" and answer.status in {400, 401}:
            return Judgement(Outcome.CREDENTIAL, "Spotify refused the client id or secret")
        judgement = judge_by_status(answer, now)
        if judgement.outcome is Outcome.THROTTLED and b"QUOTA_EXCEEDED" in answer.body:
            return Judgement(
                Outcome.QUOTA, "the application's Spotify quota is used up", judgement.retry_after
            )
        return judgement

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """By ISRC when there is one, else by field filters."""
        texts = [f'track:"{_plain(query.track_title)}" artist:"{_plain(query.artist_name)}"']
        if code := reading.isrc(query.isrc):
            texts.insert(0, f"isrc:{code}")

        def requests(header: str) -> list[ProviderRequest]:
            return [self._search(text, query.limit, header) for text in texts]

        return await self._with_token(requests, call)

    async def track(self, track_id: str, call: Call) -> Reply:
        """By Spotify track identifier."""
        if not (len(track_id) == 22 and track_id.isalnum() and track_id.isascii()):
            return Reply(Outcome.NOT_FOUND, detail="that is not a Spotify identifier")
        url = f"{self._base_url}/tracks/{track_id}"

        def requests(header: str) -> list[ProviderRequest]:
            return [ProviderRequest("track", url, parse_lookup, {}, {"Authorization": header})]

        return await self._with_token(requests, call)

    async def _with_token(self, requests: Callable[[str], list[ProviderRequest]], call: Call) -> Reply:
        used = await self._current_token(call)
        if isinstance(used, Reply):
            return used
        reply = await first_with_hits(requests(used.header), call)
        if reply.outcome is not Outcome.CREDENTIAL:
            return reply
        if self._token is used:  # revoked before its time: one new token, then the answer stands
            self._token = None
        renewed = await self._current_token(call)
        return (
            renewed if isinstance(renewed, Reply) else await first_with_hits(requests(renewed.header), call)
        )

    async def _current_token(self, call: Call) -> _Token | Reply:
        async with self._renewing:
            if self._token is not None and self._clock() < self._token.ends:
                return self._token
            return await self._new_token(call)

    async def _new_token(self, call: Call) -> _Token | Reply:
        reply = await call(self._token_request())
        if reply.outcome is not Outcome.OK:
            return reply
        seconds = reading.number(reply.payload, "expires_in") or 0
        header = f"Bearer {reply.payload['access_token']}"
        self._token = _Token(header, self._clock() + seconds - _RENEW_SECONDS_EARLY)
        return self._token

    def _token_request(self) -> ProviderRequest:
        if self._client_id is None or self._client_secret is None:
            raise ValueError(self.missing_credentials)
        pair = f"{self._client_id.get_secret_value()}:{self._client_secret.get_secret_value()}"
        basic = base64.b64encode(pair.encode()).decode()
        return ProviderRequest(
            "token",
            self._token_url,
            check_token,
            headers={"Authorization": f"Basic {basic}"},
            method="POST",
            form={"grant_type": "client_credentials"},
            holds_secrets=True,
        )

    def _search(self, text: str, limit: int, header: str) -> ProviderRequest:
        params = {"q": text, "type": "track", "limit": str(min(limit, _LARGEST_PAGE))}
        return ProviderRequest(
            "search", f"{self._base_url}/search", parse_search, params, {"Authorization": header}
        )


def _plain(words: str) -> str:
    return words.replace('"', " ").strip()


def check_token(payload: Any) -> None:
    """Check that the answer holds a token."""
    reading.required_text(reading.mapping(payload, "the token"), "access_token", "the token")


def parse_search(payload: Any) -> Sequence[TrackCandidate]:
    """Read a track search."""
    tracks = reading.mapping(reading.mapping(payload, "the answer").get("tracks"), "'tracks'")
    found = reading.items(tracks.get("items"), "'items'")
    return [parse_track(item) for item in found if item is not None]


def parse_lookup(payload: Any) -> Sequence[TrackCandidate]:
    """Read a track look-up."""
    return [parse_track(payload)]


def parse_track(value: Any) -> TrackCandidate:
    """Read one track."""
    track = reading.mapping(value, "a track")
    title = reading.required_text(track, "name", "a track")
    identifier = reading.required_text(track, "id", "a track")
    album = track.get("album") or {}
    popularity = reading.number(track, "popularity")
    return TrackCandidate(
        provider=Spotify.name,
        provider_id=identifier,
        title=title,
        artists=[reading.required_text(artist, "name", "an artist") for artist in track.get("artists") or []],
        version=reading.version_in(title),
        album=reading.text(album, "name"),
        isrc=reading.isrc((track.get("external_ids") or {}).get("isrc")),
        release_date=reading.date(album.get("release_date")),
        duration_ms=reading.whole(track, "duration_ms"),
        explicit=track.get("explicit"),
        popularity=None if popularity is None else popularity / 100,
        artwork_url=_artwork(album),
        url=f"https://open.spotify.com/track/{identifier}",
    )


def _artwork(album: Mapping[str, Any]) -> str | None:
    images = [image for image in album.get("images") or [] if isinstance(image, dict)]
    largest = max(images, key=lambda image: reading.number(image, "width") or 0, default={})
    return reading.text(largest, "url")
