"""The gateway's client to Redis: answers, and losing the server."""

import asyncio
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis, open_redis
from tests.fixtures.postgres import free_port
from tests.fixtures.redis_server import RedisServer, running_redis


async def put(client: Redis) -> object:
    return await client.set("answer", "42")


async def get(client: Redis) -> object:
    return await client.get("answer")


async def test_answers_are_bytes(redis_server: RedisServer) -> None:
    async with open_redis(SecretStr(redis_server.url)) as shared:
        await shared.ask(put)
        assert await shared.ask(get) == b"42"
        assert shared.healthy


async def test_a_server_that_is_not_there_is_told_in_words_and_tried_once_a_second() -> None:
    now, asked = [100.0], 0

    async def request(client: Redis) -> object:
        nonlocal asked
        asked += 1
        return await client.get("answer")

    async with open_redis(SecretStr(f"redis://127.0.0.1:{free_port()}/0")) as opened:
        shared = SharedRedis(opened.client, lambda: now[0])
        for _ in range(10):
            with pytest.raises(RedisUnavailableError, match="Redis is away"):
                await shared.ask(request)
        assert not shared.healthy
        now[0] += 1.0
        for _ in range(10):
            with pytest.raises(RedisUnavailableError):
                await shared.ask(request)
    assert asked == 2


async def test_a_frozen_server_is_given_up_and_found_again(tmp_path: Path) -> None:
    now = [100.0]
    with running_redis(tmp_path) as server:
        async with open_redis(SecretStr(server.url)) as opened:
            shared = SharedRedis(opened.client, lambda: now[0])
            await shared.ask(put)
            server.freeze()
            async with asyncio.timeout(2):  # one request waits a quarter of a second, the others not at all
                for _ in range(100):
                    with pytest.raises(RedisUnavailableError):
                        await shared.ask(get)
            server.thaw()
            now[0] += 1.0
            assert await shared.ask(get) == b"42"
            assert shared.healthy
            assert shared.problem == ""
