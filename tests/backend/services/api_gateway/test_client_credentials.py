"""Access tokens: who needs one at the same time waits for one call, however it ends."""

import asyncio

import pytest
from pydantic import SecretStr

from backend.contracts.gateway import Outcome
from backend.services.api_gateway.providers.adapter import ProviderRequest, Reply
from backend.services.api_gateway.providers.client_credentials import ClientCredentials

FAILED = Reply(Outcome.FAILURE, response_id="1", detail="the provider did not answer in time")
HELD_BACK = Reply(Outcome.THROTTLED, detail="too many calls are waiting")
GIVEN = Reply(Outcome.OK, payload={"access_token": "one", "expires_in": 3600})
HITS = Reply(Outcome.OK, response_id="2")


class Provider:
    """Answers calls for a token with `token`, and all others with hits."""

    def __init__(self, token: Reply) -> None:
        self.token = token
        self.endpoints: list[str] = []

    async def call(self, request: ProviderRequest) -> Reply:
        self.endpoints.append(request.endpoint)
        await asyncio.sleep(0)
        return self.token if request.endpoint == "token" else HITS


@pytest.fixture
def access() -> ClientCredentials:
    return ClientCredentials("Spotify", "http://token", SecretStr("id"), SecretStr("secret"), lambda: 0.0)


async def ask(access: ClientCredentials, provider: Provider, times: int) -> list[Reply]:
    def requests(header: str) -> list[ProviderRequest]:
        return [ProviderRequest("search", "http://search", lambda _: None, {}, {"Authorization": header})]

    return await asyncio.gather(*(access.ask(requests, provider.call) for _ in range(times)))


async def test_a_token_that_is_given_serves_all_who_waited(access: ClientCredentials) -> None:
    provider = Provider(GIVEN)
    assert await ask(access, provider, 20) == [HITS] * 20
    assert provider.endpoints.count("token") == 1


async def test_a_call_for_a_token_that_fails_is_not_made_again_for_each_who_waited(
    access: ClientCredentials,
) -> None:
    provider = Provider(FAILED)
    assert await ask(access, provider, 20) == [FAILED] * 20
    assert provider.endpoints == ["token"]
    provider.token = GIVEN
    assert await ask(access, provider, 1) == [HITS]


async def test_a_call_that_was_held_back_here_says_nothing_to_those_who_waited(
    access: ClientCredentials,
) -> None:
    provider = Provider(HELD_BACK)
    assert await ask(access, provider, 3) == [HELD_BACK] * 3
    assert provider.endpoints == ["token"] * 3
