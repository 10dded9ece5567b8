"""Access tokens for client credentials (RFC 6749, section 4.4), for the providers that ask for one."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.outcomes import HttpAnswer, is_web_page
from backend.services.api_gateway.providers import reading
from backend.services.api_gateway.providers.adapter import Call, ProviderRequest, Reply, first_with_hits

_RENEW_SECONDS_EARLY = 60.0

Requests = Callable[[str], list[ProviderRequest]]
"""The requests of one question, in the order to try them, given the value of the header Authorization."""


@dataclass(frozen=True)
class _Token:
    header: str = field(repr=False)
    ends: float = 0.0


class ClientCredentials:
    """Keeps one access token in memory. Whoever needs a new one at the same time waits for the same call."""

    def __init__(
        self,
        provider: str,
        token_url: str,
        client_id: SecretStr | None,
        client_secret: SecretStr | None,
        clock: Callable[[], float],
    ) -> None:
        """`provider` is its name as people write it; `clock` counts seconds."""
        self._provider = provider
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._token: _Token | None = None
        self._renewals = 0
        self._failure: Reply | None = None
        self._renewing = asyncio.Lock()

    @property
    def missing(self) -> str:
        """Both halves are needed; empty when they are there."""
        if self._client_id is None or self._client_secret is None:
            return f"{self._provider} needs a client id and a client secret (Settings, provider credentials)"
        return ""

    async def ask(self, requests: Requests, call: Call) -> Reply:
        """Ask with the token; when the provider refuses it, once more with a new one."""
        used = await self._current(call)
        if isinstance(used, Reply):
            return used
        reply = await first_with_hits(requests(used.header), call)
        if reply.outcome is not Outcome.CREDENTIAL:
            return reply
        if self._token is used:  # revoked before its time: one new token, then the answer stands
            self._token = None
        renewed = await self._current(call)
        return (
            renewed if isinstance(renewed, Reply) else await first_with_hits(requests(renewed.header), call)
        )

    async def _current(self, call: Call) -> _Token | Reply:
        asked_at = self._renewals
        async with self._renewing:
            if self._token is not None and self._clock() < self._token.ends:
                return self._token
            if self._failure is not None and self._renewals > asked_at:
                return self._failure
            return await self._renew(call)

    async def _renew(self, call: Call) -> _Token | Reply:
        """What a call for a new token gives. One that failed is kept for those who waited meanwhile."""
        given = await self._new(call)
        was_called = isinstance(given, Reply) and given.response_id is not None
        self._failure = given if isinstance(given, Reply) and was_called else None
        self._renewals += 1
        return given

    async def _new(self, call: Call) -> _Token | Reply:
        reply = await call(self._request())
        if reply.outcome is not Outcome.OK:
            return reply
        seconds = reading.number(reply.payload, "expires_in") or 0
        header = f"Bearer {reply.payload['access_token']}"
        self._token = _Token(header, self._clock() + seconds - _RENEW_SECONDS_EARLY)
        return self._token

    def _request(self) -> ProviderRequest:
        if self._client_id is None or self._client_secret is None:
            raise ValueError(self.missing)
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


def refuses_client(request: ProviderRequest, answer: HttpAnswer) -> bool:
    """Whether the answer says that client id or secret are wrong: RFC 6749 allows 400 and 401 for that.

    A web page is not the provider's word: it comes from something in between.
    """
    return request.endpoint == "token" and answer.status in {400, 401} and not is_web_page(answer)


def check_token(payload: Any) -> None:
    """Check that the answer holds a token."""
    reading.required_text(reading.mapping(payload, "the token"), "access_token", "the token")
