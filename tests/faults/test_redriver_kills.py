"""T10, T11 and G12: kill -9 of the manager as it sends letters again, over both brokers. I3, I7, I12."""

import itertools
import random
from contextlib import suppress
from typing import Any

import pytest

from backend.http import httpx
from tests.backend.services.dlq_manager.enrichment_worker import working_on
from tests.faults.failpoints import FREEZING, REDRIVER
from tests.faults.ledger import rows
from tests.faults.stand import Stand, until

_LETTERS = 9
_SENT_LATE = """
SELECT a.message_id FROM dead_letters.audit AS a
JOIN dead_letters.operation_audit AS o USING (operation_id)
WHERE o.operation_id = %s AND o.to_state = 'cancelled' AND a.action = 'sent'
    AND a.happened_at > o.happened_at + interval '2 s'
"""


async def test_t10_killed_at_every_step_of_sending_nothing_is_lost_and_duplicates_are_bounded(
    stand: Stand, full: bool
) -> None:
    """Claimed, intended, sending, sent, confirmed; every round has new letters, so every kill meets work."""
    async with stand.broker() as broker, working_on(broker, stand.ledger.judge):
        for step in itertools.islice(itertools.cycle(REDRIVER), 1000 if full else 5):
            await stand.die_at_work(broker, step, _LETTERS)
        stand.start()
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)


@pytest.mark.timeout(3600)
async def test_g12_killed_at_random_moments_while_letters_come_in_and_go_out(
    stand: Stand, full: bool
) -> None:
    """Refilled each round; the meter balances at each look, and no sending is lost or done twice."""
    chance = random.Random(4711)
    async with stand.broker() as broker, working_on(broker, stand.ledger.judge):
        for _ in range(1000 if full else 2):
            stand.start()
            await stand.produce(broker, 30)
            await until(lambda: stand.states().get("failed", 0) > 0)
            stand.make_and_start()
            await until_some_are_sent(stand, chance.randint(1, 30))
            stand.kill()
        stand.start()
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)


async def until_some_are_sent(stand: Stand, more: int) -> None:
    """Until so many further sendings have arrived, or nothing is under way any more."""
    before = sum(stand.ledger.seen.values())
    await until(
        lambda: (
            sum(stand.ledger.seen.values()) >= before + more
            or not set(stand.states()) & {"publishing", "in_flight"}
        )
    )


async def test_t11_killed_while_freezing_the_repeated_request_makes_one_operation(
    postgres_stand: Stand,
) -> None:
    """The members are written and not committed: there is no half operation, and asking again makes one."""
    stand = postgres_stand
    async with stand.broker() as broker:
        stand.start(FREEZING)
        await stand.produce(broker, 20)
        await until(stand.has_taken_in_if_alive)
        with pytest.raises(httpx.TransportError):
            stand.make(key="k-1")
        await until(stand.has_died)
        assert rows(stand.operations, "SELECT count(*) FROM dead_letters.operation_items") == [(0,)]
        stand.start()
        made = [stand.make(key="k-1")["id"] for _ in range(2)]
        assert made[0] == made[1]
        assert len(members(stand, made[0])) == 20


@pytest.mark.parametrize("canary", [6, 0], ids=["in the sample", "in the run"])
async def test_t11_killed_in_the_sample_and_in_the_run_the_operation_goes_on_with_its_members(
    stand: Stand, canary: int, full: bool
) -> None:
    """Kills at every step; the members stay those that were frozen, also beside newcomers (T13)."""
    async with stand.broker() as broker, working_on(broker, always):
        stand.start()
        await stand.produce(broker, 60)
        await until(stand.has_taken_in)
        operation = stand.make(options={"canary": canary, "per_second": 40, "accept_share": 0.5})
        frozen = members(stand, operation["id"])
        stand.command(operation, "start")
        for step in itertools.islice(itertools.cycle(REDRIVER), 50 if full else 2):
            stand.kill()
            await stand.produce(broker, 2)
            stand.start(step)
            await until(lambda: stand.has_died() or is_over(stand, operation))
            stand.start() if stand.pid is None else None
        await until(lambda: stand.is_in(operation, "completed"))
        assert members(stand, operation["id"]) == frozen
        assert stand.operation(operation)["counts"]["resolved"] == 60
        await until(stand.has_taken_in)
        newcomers = len(stand.ledger.produced) - 60
        assert stand.states() == {"resolved": 60, "failed": newcomers}


def always(_message: Any) -> bool:
    return True


def is_over(stand: Stand, operation: Any) -> bool:
    with suppress(httpx.TransportError):
        return stand.is_in(operation, "completed")
    return False


def members(stand: Stand, operation: str) -> list[tuple[Any, ...]]:
    """Who belongs to an operation, and to its sample."""
    statement = (
        "SELECT position, message_id, is_canary FROM dead_letters.operation_items "
        "WHERE operation_id = %s ORDER BY position"
    )
    return rows(stand.operations, statement, operation)


async def test_t12_cancelled_at_random_times_nothing_is_sent_two_seconds_later(
    stand: Stand, full: bool
) -> None:
    """The counts are exact, and every member ended; a listener that goes away cancels nothing."""
    chance = random.Random(4711)
    arrivals: list[Any] = []

    def noting(message: Any) -> bool:
        arrivals.append(message)
        return True

    async with stand.broker() as broker, working_on(broker, noting):
        stand.start()
        for _ in range(60 if full else 2):
            arrivals.clear()
            await stand.produce(broker, 120)
            await until(stand.has_taken_in)
            operation = stand.make()
            stand.command(operation, "start")
            wanted = chance.randint(1, 100)
            await until(lambda: len(arrivals) >= wanted)  # noqa: B023
            cancelled = stand.command(operation, "cancel")
            await until(lambda: is_settled(stand, operation))  # noqa: B023
            counts = stand.operation(operation)["counts"]
            assert cancelled["state"] == "cancelled"
            assert rows(stand.operations, _SENT_LATE, operation["id"]) == []
            assert counts["resolved"] == len(arrivals)
            assert counts["resolved"] + counts["cancelled"] == operation["total"]


def is_settled(stand: Stand, operation: Any) -> bool:
    """Whether no member of the operation is waiting for anything."""
    counts = stand.operation(operation)["counts"]
    return not any(counts[name] for name in ("pending", "claimed", "sent"))
