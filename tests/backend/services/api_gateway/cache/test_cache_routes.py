"""`POST /admin/cache/invalidate`, over the whole application without its database."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from backend.contracts.gateway import SearchRequest
from backend.http import httpx
from backend.services.api_gateway.cache_routes import cache_router
from backend.services.api_gateway.gateway import Gateway
from tests.backend.services.api_gateway.bench import Bench

STROBE = SearchRequest(artist_name="deadmau5", track_title="Strobe")
TOKEN = "sentinel-admin-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def client(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    gateway, app = Gateway("test"), FastAPI()
    gateway.providers = bench.providers
    app.include_router(cache_router(gateway, SecretStr(TOKEN)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=BEARER) as client:
        yield client


async def invalidate(client: httpx.AsyncClient, **parameters: str) -> httpx.Response:
    return await client.post("/admin/cache/invalidate", params=parameters)


async def test_a_forgotten_answer_is_asked_for_again(client: httpx.AsyncClient, bench: Bench) -> None:
    await bench["deezer"].search(STROBE, None)
    answer = await invalidate(client, provider="deezer")
    assert answer.json() == {
        "status": "invalidated",
        "provider": "deezer",
        "operation": None,
        "forgotten": 1,
        "audit_id": None,
    }
    assert not (await bench["deezer"].search(STROBE, None)).cached


@pytest.mark.parametrize("name", ["operation", "data_type"])
async def test_one_operation_is_forgotten_under_either_name(
    client: httpx.AsyncClient, bench: Bench, name: str
) -> None:
    await bench["deezer"].search(STROBE, None)
    answer = await invalidate(client, **{"provider": "deezer", name: "track"})
    assert (answer.json()["operation"], answer.json()["forgotten"]) == ("track", 0)
    assert (await bench["deezer"].search(STROBE, None)).cached
    assert (await invalidate(client, **{"provider": "deezer", name: "search"})).json()["forgotten"] == 1


async def test_what_is_unknown_is_told_with_what_is_known(client: httpx.AsyncClient) -> None:
    unknown = await invalidate(client, provider="deezer", operation="lyrics")
    assert unknown.status_code == 422
    assert unknown.json()["detail"] == "There is no operation 'lyrics'. Known: search, track."
    assert (await invalidate(client, provider="tidal")).status_code == 404


async def test_forgetting_needs_the_token(client: httpx.AsyncClient, bench: Bench) -> None:
    await bench["deezer"].search(STROBE, None)
    client.headers.pop("Authorization")
    assert (await invalidate(client, provider="deezer")).status_code == 401
    assert (await bench["deezer"].search(STROBE, None)).cached
