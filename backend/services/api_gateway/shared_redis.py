"""The gateway's one client to Redis: what replicas share goes through it. Losing Redis slows no call down.

No request waits longer than `ANSWER_SECONDS`. Once Redis has not answered, only one request a second tries
it again; all others fail at once, so that their callers go on by themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TypeVar

import structlog
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

ANSWER_SECONDS = 0.25
"""Longest a request to Redis may take, connecting included."""
_TRY_AGAIN_SECONDS = 1.0

_log = structlog.get_logger()

Result = TypeVar("Result")


class RedisUnavailableError(Exception):
    """Redis does not answer; go on with what this replica knows. The text says what is wrong."""


class SharedRedis:
    """A client, and whether Redis answers. Keys and values are bytes: nothing is decoded."""

    def __init__(
        self,
        client: Redis,
        clock: Callable[[], float] = monotonic,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.client = client
        """For `register_script` and `pubsub`. Requests go through `ask`."""
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._problem = ""
        self._try_again_at = 0.0

    @property
    def healthy(self) -> bool:
        """Whether the last request was answered."""
        return not self._problem

    @property
    def problem(self) -> str:
        """What is wrong, in words; empty while Redis answers."""
        return self._problem

    async def ask(self, request: Callable[[Redis], Awaitable[Result]]) -> Result:
        """The answer to `request`; RedisUnavailableError when there is none within `ANSWER_SECONDS`.

        A request that was given up may have been carried out all the same.
        """
        if self._problem:
            if self._clock() < self._try_again_at:
                raise RedisUnavailableError(self._problem)
            self._try_again_at = self._clock() + _TRY_AGAIN_SECONDS
        try:
            async with asyncio.timeout(self._answer_seconds):
                answer = await request(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self._note_problem(error)
            raise RedisUnavailableError(self._problem) from error
        self._note_answer()
        return answer

    def _note_problem(self, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}" if str(error) else "it did not answer in time"
        if not self._problem:
            _log.warning("redis_lost", detail=words)
        self._problem = f"Redis is away ({words})"
        self._try_again_at = self._clock() + _TRY_AGAIN_SECONDS

    def _note_answer(self) -> None:
        if self._problem:
            _log.warning("redis_back")
        self._problem = ""


@asynccontextmanager
async def open_redis(url: SecretStr, answer_seconds: float = ANSWER_SECONDS) -> AsyncIterator[SharedRedis]:
    """A client to `url`. It connects with the first request, so Redis may be away at the start.

    `answer_seconds`: longest a request may take.
    """
    client = Redis.from_url(
        url.get_secret_value(),
        socket_timeout=answer_seconds,
        socket_connect_timeout=answer_seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        protocol=2,  # no handshake before the first request
        driver_info=None,
    )
    try:
        yield SharedRedis(client, answer_seconds=answer_seconds)
    finally:
        await client.aclose()


async def follow(redis: SharedRedis, channel: str, heard: Callable[[str], Awaitable[None]]) -> None:
    """Pass on what is published on `channel`, until cancelled. What is said while Redis is away is missed."""
    while not _is_cancelled():
        try:
            await _follow_while_connected(redis, channel, heard)
        except (RedisError, OSError):  # those who `ask` say what is wrong
            if not _is_cancelled():
                await asyncio.sleep(_TRY_AGAIN_SECONDS)


async def _follow_while_connected(
    redis: SharedRedis, channel: str, heard: Callable[[str], Awaitable[None]]
) -> None:
    async with redis.client.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(channel)
        while True:
            message = await subscription.get_message(timeout=_TRY_AGAIN_SECONDS)
            if message is not None:
                await heard(message["data"].decode())


def _is_cancelled() -> bool:
    """Whether this task is to end. A connection that dies at that moment hides it behind its own error."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
