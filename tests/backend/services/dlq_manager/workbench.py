"""Operations driven step by step: store, runner and outbox, with limits and a broker the test decides on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.contracts.dead_letter_operations import (
    Operation,
    OperationCommand,
    OperationControl,
    OperationOptions,
    OperationRequest,
)
from backend.contracts.providers import (
    BreakerState,
    BreakerStatus,
    GateState,
    ProviderStatus,
    RateGateStatus,
)
from backend.http import httpx
from backend.messaging.port import BrokerUnavailableError, Message
from backend.messaging.postgres import PostgresBroker
from backend.services.common.database import Pool
from backend.services.dlq_manager.music_readings import MusicReadings
from backend.services.dlq_manager.operation_readings import OperationReadings
from backend.services.dlq_manager.operation_runner import OperationRunner
from backend.services.dlq_manager.operation_store import OperationStore
from backend.services.dlq_manager.outbox import Outbox
from backend.services.dlq_manager.provider_limits import ProviderLimits


def provider(state: BreakerState = BreakerState.CLOSED, a_minute: int = 60) -> ProviderStatus:
    """A provider as the gateway tells it, its breaker in this state since now."""
    breaker = BreakerStatus(
        state=state,
        since=datetime.now(UTC),
        epoch=1,
        calls_in_window=0,
        failures_in_window=0,
        failure_rate=None,
        minimum_calls=10,
        reason="5 of 10 calls failed",
    )
    gate = RateGateStatus(state=GateState.FLOWING, limit=a_minute, window_seconds=60.0, remaining=a_minute)
    return ProviderStatus(status="healthy", mode="simulated", circuit_breaker=breaker, rate_gate=gate)


class KnownLimits(ProviderLimits):
    """What the test says the gateway would."""

    def __init__(self) -> None:
        super().__init__(httpx.AsyncClient())
        self.statuses: dict[str, ProviderStatus] = {}

    async def now(self) -> Mapping[str, ProviderStatus]:
        return self.statuses


class KnownMusic(MusicReadings):
    """A track costs one call of each provider named."""

    def __init__(self) -> None:
        super().__init__({})
        self.calls: dict[str, float] = {}

    async def calls_per_track(self) -> Mapping[str, float] | None:
        return self.calls


class LeavingBroker(PostgresBroker):
    """One that can be away; whether a message got through first can be chosen."""

    is_away = False
    takes_first = False

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        if not self.is_away:
            return await super().publish(queue, messages)
        error = BrokerUnavailableError("nobody is there")
        error.nothing_sent = not self.takes_first
        if self.takes_first:
            await super().publish(queue, messages[:1])
        raise error

    async def problem(self) -> str:
        return "nobody is there" if self.is_away else ""


class Workbench:
    """The parts without their background tasks."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.broker = LeavingBroker(pool)
        self.limits = KnownLimits()
        self.music = KnownMusic()
        self.outbox = Outbox(pool, self.broker)
        self.store = OperationStore(pool)
        self.readings = OperationReadings(pool)
        self.runner = self.another_runner()

    def another_runner(self) -> OperationRunner:
        """As another replica has it."""
        return OperationRunner(self.pool, self.limits, self.music, self.outbox.wake)

    async def started(self, **options: Any) -> UUID:
        """A retry of everything that failed, at work."""
        chosen = {"canary": 0, "respect_budget": False, "skip_superseded": False, **options}
        more = {"kind": chosen.pop("kind", "retry"), "selection": chosen.pop("selection", {})}
        made = await self.store.create(
            OperationRequest.model_validate(
                {"author": "ann", "reason": "by test", "options": OperationOptions(**chosen), **more}
            )
        )
        await self.ask(made, OperationCommand.START)
        return made

    async def ask(self, operation: UUID, command: OperationCommand) -> Operation:
        version = (await self.look(operation)).version
        asked = OperationControl(command=command, version=version, author="bob", reason="by test")
        await self.store.control(operation, asked)
        return await self.look(operation)

    async def look(self, operation: UUID) -> Operation:
        found = await self.readings.one(operation)
        assert found is not None
        assert sum(found.counts.values()) == found.total
        return found

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as connection:
            return await (await connection.execute(statement.encode())).fetchall()
