"""Spotify's Web API with client credentials. Audio features are closed to applications since 2024-11-27."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import HttpAnswer, Judgement, judge_api_by_status
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply
from backend.services.api_gateway.providers.client_credentials import ClientCredentials, refuses_client
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://api.spotify.com/v1"
LIVE_TOKEN_URL = "https://accounts.spotify.com/api/token"  # noqa: S105 - an address
_LARGEST_PAGE = 10
"""Applications in development mode get no more since March 2026."""


def build(connection: Connection) -> "Spotify":
    """The adapter."""
    return Spotify(
        connection.address(LIVE_URL, "spotify/v1"),
        connection.address(LIVE_TOKEN_URL, "spotify/api/token"),
        connection.credentials.get("spotify_client_id"),
        connection.credentials.get("spotify_client_secret"),
        connection.clock,
    )


class Spotify:
    """Adapter for tracks, called with an access token for the application's client credentials."""

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
        self._access = ClientCredentials("Spotify", token_url, client_id, client_secret, clock)

    @property
    def missing_credentials(self) -> str:
        """Both halves of the client credentials are needed."""
        return self._access.missing

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:
        """The token address says 400 for wrong credentials; QUOTA_EXCEEDED tells a quota from a rate."""
        if refuses_client(request, answer):
            return Judgement(Outcome.CREDENTIAL, "Spotify refused the client id or secret")
        judgement = judge_api_by_status(answer, now)
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

        return await self._access.ask(requests, call)

    async def track(self, track_id: str, call: Call) -> Reply:
        """By Spotify track identifier."""
        if not (len(track_id) == 22 and track_id.isalnum() and track_id.isascii()):
            return Reply(Outcome.NOT_FOUND, detail="that is not a Spotify identifier")
        url = f"{self._base_url}/tracks/{track_id}"

        def requests(header: str) -> list[ProviderRequest]:
            return [ProviderRequest("track", url, parse_lookup, {}, {"Authorization": header})]

        return await self._access.ask(requests, call)

    def _search(self, text: str, limit: int, header: str) -> ProviderRequest:
        params = {"q": text, "type": "track", "limit": str(min(limit, _LARGEST_PAGE))}
        return ProviderRequest(
            "search", f"{self._base_url}/search", parse_search, params, {"Authorization": header}
        )


def _plain(words: str) -> str:
    return words.replace('"', " ").strip()


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
