"""T17: the clock jumps by an hour. Leases and delays are PostgreSQL's time, schedules the manager's.

A jump of PostgreSQL's clock is the same as all times that it has written lying an hour away: that is what
these tests do, for the clock of a running server cannot be set.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from backend.messaging.port import Message, QueueSpec
from backend.messaging.postgres import PostgresBroker
from backend.services.common.database import Pool
from tests.backend.messaging.broker_contract import following
from tests.faults.ledger import act, rows
from tests.faults.stand import Stand, until
from tests.faults.worker import steady_worker

_SHIFTS = (
    "UPDATE broker.messages SET visible_at = visible_at - %(jump)s, published_at = published_at - %(jump)s",
    "UPDATE dead_letters.operations SET lease_until = lease_until - %(jump)s, "
    "created_at = created_at - %(jump)s",
)
_JUMPS = pytest.mark.parametrize("hours", [1, -1], ids=["forward", "back"])


def jump(stand: Stand, hours: int) -> None:
    """PostgreSQL's clock goes forward, or back for a negative number.

    Not in the event loop of a test that has a broker: it waits for acknowledgements of that very loop.
    """
    with stand.operations.connect(autocommit=True) as connection:
        for statement in _SHIFTS:
            connection.execute(statement.encode(), {"jump": timedelta(hours=hours)})


@_JUMPS
async def test_t17_work_goes_on_when_the_clock_jumps(stand: Stand, hours: int) -> None:
    """With a manager at work: what it holds it goes on holding, and nothing is done twice or left."""
    async with stand.broker() as broker, steady_worker(broker, stand.ledger.judge):
        stand.start()
        await stand.produce(broker, 40)
        await until(stand.has_taken_in)
        operation = stand.make(options={"per_second": 40})
        stand.command(operation, "start")
        await until(lambda: len(stand.ledger.seen) >= 5)
        await asyncio.to_thread(jump, stand, hours)
        await stand.produce(broker, 10)
        await until(lambda: stand.is_in(operation, "completed"))
        await stand.resolve_all()
        stand.ledger.kills += 1
        stand.ledger.check_sendings(stand.operations)


@_JUMPS
async def test_t17_what_a_dead_manager_held_is_taken_over_within_a_lease(
    postgres_stand: Stand, hours: int
) -> None:
    """After a jump back its leases end an hour from now, as it seems: longer than any lease can be."""
    stand = postgres_stand
    async with stand.broker() as broker, steady_worker(broker, stand.ledger.judge):
        stand.start()
        await stand.produce(broker, 40)
        await until(stand.has_taken_in)
        operation = stand.make(options={"per_second": 20})
        stand.command(operation, "start")
        await until(lambda: len(stand.ledger.seen) >= 5)
        stand.kill()
        act(
            stand.operations,
            "UPDATE dead_letters.operations SET lease = %s, lease_until = now() + interval '15 s'",
            uuid4(),
        )
        await asyncio.to_thread(jump, stand, hours)
        stand.start()
        await until(lambda: stand.is_in(operation, "completed"))
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)


@pytest.mark.parametrize("is_held", [True, False], ids=["held by a dead consumer", "published before"])
async def test_t17_messages_do_not_wait_for_the_hour_that_the_clock_went_back(
    pool: Pool, is_held: bool
) -> None:
    """No message can be due later than the longest delay from now; one that is, is due."""
    broker = PostgresBroker(pool)
    await broker.declare([QueueSpec("work", lease_seconds=1)])
    await broker.publish("work", [Message("message-1", b"body")])
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE broker.messages SET visible_at = now() + interval '1 hour', lease = %s",
            (uuid4() if is_held else None,),
        )
    async with broker.consume("work", prefetch=1) as deliveries:
        assert (await following(deliveries)).message.message_id == "message-1"


async def test_t17_a_delay_that_can_be_is_kept(pool: Pool) -> None:
    """Put back for five minutes is no jump of the clock."""
    broker = PostgresBroker(pool)
    await broker.declare([QueueSpec("work", lease_seconds=60)])
    await broker.publish("work", [Message("message-1", b"body"), Message("message-2", b"body")])
    async with broker.consume("work", prefetch=1) as deliveries:
        await (await following(deliveries)).nack(300)
        second = await following(deliveries)
        assert second.message.message_id == "message-2"
        await second.ack()
        await broker.publish("work", [Message("message-3", b"body")])
        assert (await following(deliveries)).message.message_id == "message-3"


async def test_t17_a_schedule_starts_when_it_is_due_and_once(postgres_stand: Stand) -> None:
    """Nothing is sent before its time; a clock that passes it starts it, and going back stops nothing."""
    stand = postgres_stand
    async with stand.broker() as broker, steady_worker(broker, stand.ledger.judge):
        stand.start()
        await stand.produce(broker, 10)
        await until(stand.has_taken_in)
        due = datetime.now(UTC) + timedelta(minutes=30)
        operation = stand.make(options={"not_before": due.isoformat(), "per_second": 10})
        stand.command(operation, "start")
        await until(lambda: "Starts at" in stand.operation(operation)["state_reason"])
        assert not stand.ledger.seen
        shift_schedule(stand, -1)
        await until(lambda: len(stand.ledger.seen) >= 2)
        shift_schedule(stand, 1)
        await until(lambda: stand.is_in(operation, "completed"))
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)


def shift_schedule(stand: Stand, hours: int) -> None:
    """As the manager sees it, its clock jumps the other way."""
    (row,) = rows(stand.operations, "SELECT options ->> 'not_before' FROM dead_letters.operations")
    moved = datetime.fromisoformat(row[0]) + timedelta(hours=hours)
    statement = (
        "UPDATE dead_letters.operations SET options = jsonb_set(options, '{not_before}', to_jsonb(%s::text))"
    )
    act(stand.operations, statement, moved.isoformat())
