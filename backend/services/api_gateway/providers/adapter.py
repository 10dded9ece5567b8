"""What an adapter is: the one place that knows a provider's HTTP format."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from backend.contracts.gateway import Outcome, SearchRequest, TrackCandidate
from backend.contracts.providers import EndpointClass
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.outcomes import HttpAnswer, Judgement

_CLASSES = {
    "search": EndpointClass.SEARCH,
    "token": EndpointClass.TOKEN,
    "features": EndpointClass.FEATURES,
    "artwork": EndpointClass.IMAGES,
}

Parse = Callable[[Any], Sequence[TrackCandidate] | None]
"""Reads the tracks out of an answer's JSON; ContractError when the format is not the documented one.

None: answers of this kind hold no tracks. An empty sequence: the provider has no such track.
"""


@dataclass(frozen=True)
class ProviderRequest:
    """One HTTP call to a provider."""

    endpoint: str
    """Its kind, one of a handful of names: `search`, `track`, `isrc`, `token`. Labels metrics."""
    url: str
    parse: Parse
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query_form: str = ""
    """Which way of asking it is, where an endpoint has several; each finds nothing at a rate of its own."""
    method: str = "GET"
    form: Mapping[str, str] | None = None
    follow_redirects: bool = False
    """Whether a redirect is followed; else it is an answer of its own, and none that anybody expects."""
    holds_secrets: bool = False
    """The answer carries a token: its bytes are kept nowhere."""
    secret_params: Mapping[str, SecretStr] = field(default_factory=dict)
    """Query parameters that are credentials. They are sent, and stand in no record."""
    decode: Callable[[HttpAnswer], Any] = HttpAnswer.json
    """Reads the answer's bytes for `parse`; ContractError when they are not what the provider sends."""

    @property
    def endpoint_class(self) -> EndpointClass:
        """Which circuit breaker the call belongs to; look-ups by any identifier share one."""
        return _CLASSES.get(self.endpoint, EndpointClass.LOOKUP)

    def query(self) -> dict[str, str]:
        """The query parameters to send, credentials included."""
        secrets = {name: secret.get_secret_value() for name, secret in self.secret_params.items()}
        return {**self.params, **secrets}

    def without_secrets(self, body: bytes) -> bytes:
        """`body` without the credentials sent; some error pages repeat the address that was asked for."""
        for secret in self.secret_params.values():
            plain = secret.get_secret_value()
            for spelling in {plain, quote(plain, safe=""), quote_plus(plain)}:
                body = body.replace(spelling.encode(), b"[redacted]")
        return body


@dataclass(frozen=True)
class Reply:
    """How one HTTP call to a provider ended."""

    outcome: Outcome
    candidates: Sequence[TrackCandidate] = ()
    payload: Any = None
    response_id: str | None = None
    retry_at: datetime | None = None
    detail: str = ""


Call = Callable[[ProviderRequest], Awaitable[Reply]]
"""Makes one call through rate gate and circuit breaker. It never raises for what a provider does."""


class Adapter(Protocol):
    """A provider. `version` goes up when candidates are read differently, so that old cached ones lapse."""

    name: str
    version: int
    limit: RateLimit

    @property
    def missing_credentials(self) -> str:
        """What the search lacks, in words; empty when it can be made.

        A look-up lacks the same, unless the registration says that look-ups need no account.
        """

    def judge(self, request: ProviderRequest, answer: HttpAnswer, now: datetime) -> Judgement:
        """What an answer means, before anything is read from it."""

    async def search(self, query: SearchRequest, call: Call) -> Reply:
        """Find candidates for a track; `call` may be used several times."""

    async def track(self, track_id: str, call: Call) -> Reply:
        """Look up one track by the provider's own identifier."""


async def first_with_hits(requests: Sequence[ProviderRequest], call: Call) -> Reply:
    """Try query forms in order until one has hits or one fails for another reason than finding nothing."""
    reply = await call(requests[0])
    for request in requests[1:]:
        if reply.outcome not in {Outcome.NOT_FOUND, Outcome.EMPTY_SUSPECT}:
            break
        reply = await call(request)
    return reply
