"""The Cover Art Archive: pictures of MusicBrainz releases, kept at the Internet Archive. No account.

https://musicbrainz.org/doc/Cover_Art_Archive/API
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import HttpAnswer, Judgement, judge_by_status, throttled
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply
from backend.services.api_gateway.providers.connection import Connection

LIVE_URL = "https://coverartarchive.org"
_BY_IDENTIFIER_ONLY = (
    "the Cover Art Archive cannot be searched: it has pictures by MusicBrainz release identifier, "
    "GET /api/coverartarchive/track/{release identifier}"
)
_THUMBNAILS = ("1200", "500", "large", "250", "small")


def build(connection: Connection) -> "CoverArtArchive":
    """The adapter."""
    return CoverArtArchive(connection.address(LIVE_URL, "coverartarchive"), connection.user_agent)


class CoverArtArchive:
    """Adapter for the pictures of a release: `track` takes a release identifier and gives `artwork_url`.

    The release identifier stands in the candidates of MusicBrainz and ListenBrainz, as `release_id`. What it
    finds has no title and no artist, because the archive knows neither.
    """

    name = "coverartarchive"
    version = 1
    # "There are currently no rate limiting rules in place": as polite as to MusicBrainz, a few at once.
    limit = RateLimit(calls=5, seconds=5.0)
    missing_credentials = ""

    def __init__(self, base_url: str, user_agent: str) -> None:
        self._base_url = base_url
        self._headers = {"User-Agent": user_agent, "Accept": "application/json"}

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:  # noqa: ARG002
        """A 503 that names a rate limit or a time is theirs; any other is the Internet Archive being away.

        A 403 is about the one item, which the Internet Archive has withdrawn.
        """
        if answer.status == 503 and ("retry-after" in answer.headers or b"rate limit" in answer.body.lower()):
            return throttled(answer, now)
        if answer.status == 403:
            return Judgement(Outcome.NOT_FOUND, "the Internet Archive has withdrawn the pictures")
        return judge_by_status(answer, now)

    async def search(self, query: SearchRequest, call: Call) -> Reply:  # noqa: ARG002 - as every adapter
        """Always BAD_REQUEST: there is nothing to search by."""
        return Reply(Outcome.BAD_REQUEST, detail=_BY_IDENTIFIER_ONLY)

    async def track(self, track_id: str, call: Call) -> Reply:
        """By MusicBrainz release identifier; NOT_FOUND when the release has no pictures."""
        if not reading.is_mbid(track_id):
            return Reply(Outcome.NOT_FOUND, detail="that is not a MusicBrainz identifier")

        def parse(payload: Any) -> Sequence[TrackCandidate]:
            return parse_index(payload, track_id)

        url = f"{self._base_url}/release/{track_id}"
        # The index lies at the Internet Archive: the answer is a redirect to it.
        return await call(ProviderRequest("artwork", url, parse, {}, self._headers, follow_redirects=True))


def parse_index(payload: Any, release_id: str) -> Sequence[TrackCandidate]:
    """Read a release's list of pictures: the front cover, else the first one that editors approved."""
    listed = reading.items(reading.mapping(payload, "the answer").get("images"), "'images'")
    images = [reading.mapping(image, "an image") for image in listed]
    chosen = sorted(images, key=lambda image: (not image.get("front"), not image.get("approved", True)))
    return [
        TrackCandidate(
            provider=CoverArtArchive.name,
            provider_id=release_id,
            title="",
            artists=[],
            release_id=release_id,
            artwork_url=_address(image),
            url=f"https://musicbrainz.org/release/{release_id}/cover-art",
        )
        for image in chosen[:1]
    ]


def _address(image: Mapping[str, Any]) -> str:
    """The largest thumbnail: originals can have hundreds of megabytes. The archive still names http."""
    thumbnails = reading.mapping(image.get("thumbnails") or {}, "'thumbnails'")
    sized = (reading.text(thumbnails, size) for size in _THUMBNAILS)
    address = next(filter(None, sized), None) or reading.required_text(image, "image", "an image")
    return f"https://{address[7:]}" if address.startswith("http://") else address
