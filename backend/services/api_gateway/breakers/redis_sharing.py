"""Breakers shared through Redis: failures, probes and operators' orders are decided there, in one script.

The calls of a healthy provider need no round trip: what they counted goes along with the next failure, or
once a second. While Redis does not answer, and while this replica is in quarantine, it decides by itself.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from redis.asyncio import Redis

from backend.contracts.control import ControlAction
from backend.contracts.live import SharedState
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import (
    Clock,
    EpochConflictError,
    Override,
    Permit,
    Rejection,
    Verdict,
)
from backend.services.api_gateway.breakers.replicas import Replicas
from backend.services.api_gateway.breakers.wire import (
    Answer,
    override_fields,
    read_answer,
    request_for,
    to_milliseconds,
)
from backend.services.api_gateway.shared_redis import RedisUnavailableError, SharedRedis

CHANNEL = "songnodes:breakers"
"""Where a replica tells `{replica} {provider}:{endpoint}` of each change it has brought about."""
_SCRIPT = Path(__file__).with_name("breaker.lua")


class RedisSharing:
    """Shares the breakers of one provider with the other replicas of the gateway."""

    def __init__(
        self,
        redis: SharedRedis,
        provider: str,
        replicas: Replicas,
        clock: Clock,
        draw: Callable[[], float] = random.random,
        server_time: Callable[[], int] | None = None,
    ) -> None:
        self._redis = redis
        self._provider = provider
        self._replicas = replicas
        self._clock = clock
        self._draw = draw
        self._server_time = server_time
        """Milliseconds to go by instead of the server's clock, for tests in simulated time."""
        self._script = redis.client.register_script(_SCRIPT.read_text(encoding="utf-8"))

    async def probe(self, breaker: Breaker) -> Permit | Rejection:
        """A lease from Redis, or one of this replica's own while it is alone."""
        if breaker.quarantined:
            return breaker.probe()
        try:
            (answer,) = await self._ask("lease", [breaker])
        except RedisUnavailableError:
            return breaker.probe()
        return breaker.grant(answer.lease)

    async def decide(self, breaker: Breaker, permit: Permit, verdict: Verdict) -> None:
        """Tell Redis, and take over what it makes of it."""
        if breaker.quarantined:
            breaker.decide(permit, verdict)
            return
        more = {} if permit.lease is None else {"lease": permit.lease, "verdict": verdict}
        operation = "report" if permit.lease is None else "probe"
        try:
            (answer,) = await self._ask(operation, [breaker], more)
        except RedisUnavailableError:
            breaker.decide(permit, verdict)
            return
        if answer.quarantine:
            breaker.quarantine()

    async def control(
        self, breakers: Sequence[Breaker], action: ControlAction, override: Override
    ) -> list[str]:
        """For all replicas; while Redis is away here, and for the others when it is back.

        What is in quarantine here is probed here: to the others it is closed.
        """
        probe = action is ControlAction.PROBE
        apart = [
            one.endpoint for one in breakers if probe and one.quarantined and one.control(action, override)
        ]
        epochs = [breaker.shared_record.epoch for breaker in breakers]
        more = {"action": action, "override": override_fields(override)}
        try:
            answers = await self._ask("control", breakers, more)
        except RedisUnavailableError:
            return apart + [one.endpoint for one in breakers if one.control(action, override)]
        if answers[0].conflict:
            raise EpochConflictError(answers[0].record.epoch)
        return apart + [
            breaker.endpoint
            for breaker, answer, epoch in zip(breakers, answers, epochs, strict=True)
            if answer.record.epoch != epoch
        ]

    async def refresh(self, breakers: Sequence[Breaker]) -> None:
        """Send what was counted, take over what others have changed."""
        try:
            await self._ask("refresh", breakers)
        except RedisUnavailableError:
            for breaker in breakers:
                breaker.settle()
            return
        for breaker in breakers:
            if breaker.quarantined:
                breaker.settle()

    def state(self) -> SharedState:
        """Kept in Redis."""
        return self._replicas.state()

    async def _ask(
        self, operation: str, breakers: Sequence[Breaker], more: Mapping[str, Any] | None = None
    ) -> list[Answer]:
        names = [f"{self._provider}:{breaker.endpoint}" for breaker in breakers]
        keys = [f"songnodes:breaker:{name}" for name in names]
        requests = [
            request_for(item, name, dict(more or {})) for item, name in zip(breakers, names, strict=True)
        ]
        arguments = [self._common(operation), *requests]

        async def run(client: Redis) -> list[bytes]:
            texts: list[bytes] = await self._script(keys=keys, args=arguments, client=client)
            return texts

        texts = await self._redis.ask(run)
        now = self._clock()
        pairs = list(zip(breakers, texts, strict=True))
        answers = [read_answer(text, breaker.endpoint, now) for breaker, text in pairs]
        for breaker, answer in zip(breakers, answers, strict=True):
            breaker.adopt(answer.record, answer.changes)
        return answers

    def _common(self, operation: str) -> bytes:
        fields: dict[str, Any] = {
            "operation": operation,
            "replica": self._replicas.own,
            "channel": CHANNEL,
            "draw": self._draw(),
            "sender_now": to_milliseconds(self._clock()),
        }
        if self._server_time is not None:
            fields["now"] = self._server_time()
        return orjson.dumps(fields)
