"""Last.fm's API. A key in the query; errors come as a code in the body, whatever the HTTP status.

JSON is asked for. Recorded answers are XML, which Last.fm sends when nothing is asked for: both are read.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from pydantic import SecretStr

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
from backend.services.api_gateway.providers.adapter import Call, Parse, ProviderRequest, Reply
from backend.services.api_gateway.providers.connection import Connection
from backend.services.api_gateway.providers.lastfm_xml import read_xml

LIVE_URL = "https://ws.audioscrobbler.com/2.0/"
_ERRORS = {
    2: Outcome.BAD_REQUEST,
    3: Outcome.BAD_REQUEST,
    4: Outcome.CREDENTIAL,
    5: Outcome.BAD_REQUEST,
    6: Outcome.NOT_FOUND,
    7: Outcome.BAD_REQUEST,
    8: Outcome.FAILURE,
    9: Outcome.CREDENTIAL,
    10: Outcome.CREDENTIAL,
    11: Outcome.FAILURE,
    13: Outcome.BAD_REQUEST,
    14: Outcome.CREDENTIAL,
    16: Outcome.FAILURE,
    17: Outcome.CREDENTIAL,
    26: Outcome.CREDENTIAL,
    27: Outcome.CAPABILITY_GONE,
}
"""Last.fm's error codes, https://www.last.fm/api/errorcodes. Code 29 is its rate limit."""
_RATE_LIMIT = 29
_LARGEST_ERROR = 2_048
"""Bytes; an answer longer than this is no error, and is not parsed twice."""
_MBID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACEHOLDER = "2a96cbd8b46e442fc41c2b86b821562f"
"""The star that stands for every picture Last.fm has not had since 2019."""
_SIZES = ("small", "medium", "large", "extralarge", "mega")


def build(connection: Connection) -> "LastFm":
    """The adapter."""
    key = connection.credentials.get("lastfm_api_key")
    return LastFm(connection.address(LIVE_URL, "lastfm/2.0/"), connection.user_agent, key)


class LastFm:
    """Adapter for tracks: a search hit is a name, the look-up has tags, album and length.

    A track's identifier is the one of its web page: `artist/_/title`, both as in a query string. A
    MusicBrainz identifier is looked up too, but none is given out: most tracks have none or a wrong one.
    """

    name = "lastfm"
    version = 1
    # Five a second by IP address, averaged over five minutes; the way there takes differently long for each
    # call, so the window is a little wider. https://www.last.fm/api/tos
    limit = RateLimit(calls=5, seconds=1.1)

    def __init__(self, url: str, user_agent: str, key: SecretStr | None) -> None:
        self._url = url
        self._headers = {"User-Agent": user_agent}
        self._key = key

    @property
    def missing_credentials(self) -> str:
        """Every call needs the key."""
        return "" if self._key else "Last.fm needs an API key (Settings, provider credentials)"

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:  # noqa: ARG002
        """The code in the body tells; the status only where there is none."""
        error = _error_in(answer)
        if error is None:
            return judge_api_by_status(answer, now)
        code = int(reading.number(error, "error") or 0)
        if code == _RATE_LIMIT:
            return throttled(answer, now)
        outcome = _ERRORS.get(code, Outcome.FAILURE)
        return Judgement(outcome, f"Last.fm said: {reading.text(error, 'message') or f'error {code}'}")

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """By artist and title."""
        names = {"artist": query.artist_name, "track": query.track_title}
        return await call(self._request("search", parse_search, "track.search", names, str(query.limit)))

    async def track(self, track_id: str, call: Call) -> Reply:
        """By artist and title, as `search` names tracks, or by MusicBrainz identifier."""
        names = names_in(track_id)
        if names is None:
            return Reply(Outcome.NOT_FOUND, detail="that is neither a Last.fm track nor an MBID")
        parse = partial(parse_lookup, identifier=track_id)
        return await call(self._request("track", parse, "track.getInfo", names))

    def _request(
        self, endpoint: str, parse: Parse, method: str, names: Mapping[str, str], limit: str = ""
    ) -> ProviderRequest:
        if self._key is None:
            raise ValueError(self.missing_credentials)
        page = {"limit": limit} if limit else {}
        return ProviderRequest(
            endpoint,
            self._url,
            parse,
            {"method": method, **names, **page, "format": "json"},
            self._headers,
            secret_params={"api_key": self._key},
            decode=decode,
        )


def decode(answer: HttpAnswer) -> Any:
    """The document of an answer, the same for JSON and XML; ContractError when it is neither."""
    return read_xml(answer.body) if answer.body.lstrip()[:1] == b"<" else answer.json()


def _error_in(answer: HttpAnswer) -> Mapping[str, Any] | None:
    if len(answer.body) > _LARGEST_ERROR:
        return None
    try:
        document = decode(answer)
    except ContractError:  # then the status has to do, and a 200 is read once more and found unreadable
        return None
    return document if isinstance(document, dict) and "error" in document else None


def names_in(track_id: str) -> dict[str, str] | None:
    """The parameters that name a track; none for an identifier of no known form."""
    if _MBID.fullmatch(track_id):
        return {"mbid": track_id}
    artist, _, title = track_id.partition("/_/")
    return {"artist": unquote_plus(artist), "track": unquote_plus(title)} if artist and title else None


def parse_search(payload: Any) -> Sequence[TrackCandidate]:
    """Read a track search."""
    results = reading.mapping(reading.mapping(payload, "the answer").get("results"), "'results'")
    if "trackmatches" not in results:
        raise ContractError("'results' has no 'trackmatches'")
    return [parse_track(track) for track in _several(results["trackmatches"], "track")]


def parse_lookup(payload: Any, identifier: str | None = None) -> Sequence[TrackCandidate]:
    """Read a track look-up. `identifier` is what was asked for, as Last.fm may spell the name differently."""
    track = parse_track(reading.mapping(payload, "the answer").get("track"))
    return [track.model_copy(update={"provider_id": identifier}) if identifier else track]


def parse_track(value: Any) -> TrackCandidate:
    """Read one track, from a search or a look-up. Lengths are milliseconds as text, and 0 when unknown."""
    track = reading.mapping(value, "a track")
    title = reading.required_text(track, "name", "a track")
    artist = _artist(track)
    album = track.get("album") or {}
    return TrackCandidate(
        provider=LastFm.name,
        provider_id=f"{quote_plus(artist)}/_/{quote_plus(title)}",
        title=title,
        artists=[artist],
        version=reading.version_in(title),
        album=reading.text(album, "title"),
        duration_ms=_milliseconds(track.get("duration")),
        genres=_genres(track, artist),
        artwork_url=_artwork(album) or _artwork(track),
        url=reading.text(track, "url"),
    )


def _artist(track: Mapping[str, Any]) -> str:
    artist = track.get("artist")
    if isinstance(artist, dict):  # in a look-up
        return reading.required_text(artist, "name", "an artist")
    return reading.required_text(track, "artist", "a track")


def _milliseconds(value: Any) -> int | None:
    digits = str(value or "")
    return int(digits) or None if digits.isdecimal() else None


def _several(container: Any, key: str) -> list[Any]:
    """A list in Last.fm's JSON: one element stands alone, and for no elements there can be a blank text."""
    if _is_blank(container):
        return []
    value = reading.mapping(container, f"what holds '{key}'").get(key)
    if _is_blank(value):
        return []
    return value if isinstance(value, list) else [value]


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _genres(track: Mapping[str, Any], artist: str) -> list[str]:
    """The listeners' tags; many tracks are tagged with the artist's name, which is no genre."""
    tags = [
        reading.text(reading.mapping(tag, "a tag"), "name") for tag in _several(track.get("toptags"), "tag")
    ]
    return [tag for tag in tags if tag and tag.casefold() != artist.casefold()]


def _artwork(source: Mapping[str, Any]) -> str | None:
    sizes = {}
    for value in _several(source, "image"):
        image = reading.mapping(value, "an image")
        address = reading.text(image, "#text")
        if address and _PLACEHOLDER not in address:
            sizes[image.get("size")] = address
    return next((sizes[size] for size in reversed(_SIZES) if size in sizes), None)
