"""T2 and T4: PostgreSQL dies, or its answer to COMMIT is lost, while letters come in and go out. I2, I4."""

import asyncio
import os
import random
import signal
from collections.abc import Callable

import pytest

from tests.faults.ledger import rows
from tests.faults.stand import Stand, until
from tests.faults.worker import steady_worker
from tests.fixtures.postgres import PostgresNode
from tests.fixtures.tcp_proxy import tcp_proxy

_BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'dlq-manager' AND pid <> pg_backend_pid()"
)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("victim", ["postmaster", "backend"])
async def test_t2_postgresql_is_killed_while_letters_come_in_and_go_out(
    node_stand: Stand, postgres_node: PostgresNode, victim: str, full: bool
) -> None:
    """Nothing committed is lost, nothing is sent that was not decided, and work goes on by itself."""
    stand, chance = node_stand, random.Random(4711)

    def kill_backend() -> None:
        pids = [pid for (pid,) in rows(stand.operations, _BACKENDS)]
        os.kill(chance.choice(pids), signal.SIGKILL)

    def restart() -> None:
        postgres_node.kill()
        postgres_node.start()

    kill = restart if victim == "postmaster" else kill_backend
    async with stand.broker() as broker, steady_worker(broker, stand.ledger.judge):
        stand.start()
        for _ in range(250 if full else 1):
            await stand.produce(broker, 30)
            await until(stand.has_taken_in)
            stand.make_and_start()
            more = asyncio.create_task(stand.produce(broker, 30))
            await arrived(stand, chance.randint(1, 25))
            await asyncio.to_thread(kill)
            stand.ledger.kills += 1
            await until(is_back(stand))
            await more
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)


async def arrived(stand: Stand, more: int) -> None:
    """Until so many further sendings have arrived."""
    before = sum(stand.ledger.seen.values())
    await until(lambda: sum(stand.ledger.seen.values()) >= before + more)


def is_back(stand: Stand) -> Callable[[], bool]:
    """Whether the manager takes letters in again, which it tells itself."""

    def look() -> bool:
        if not stand.is_well():
            return False
        answer = stand.ask("GET", "/dlq/meter")
        return answer.status_code == 200 and not answer.json()["difference"]

    return look


@pytest.mark.timeout(1800)
async def test_t4_the_answer_to_commit_is_lost_and_nothing_else(node_stand: Stand, full: bool) -> None:
    """W3: whether it was committed is unknown, so nothing is acknowledged; the second delivery decides."""
    stand = node_stand
    async with (
        tcp_proxy(stand.operations.port) as proxy,
        stand.broker() as broker,
        steady_worker(broker, stand.ledger.judge),
    ):
        stand.more["SONGNODES_DATABASE_PORT"] = str(proxy.port)
        await asyncio.to_thread(stand.start)
        # Which transaction is hit is chance; at least once it has to be the one that takes letters in.
        while proxy.dropped < (100 if full else 2) or "database_unavailable" not in stand.log:
            lost = proxy.dropped
            proxy.drop_answer_after(b"COMMIT")
            await stand.produce(broker, 10)
            await until(lambda: proxy.dropped > lost)  # noqa: B023
            stand.ledger.kills += 1
            await until(is_back(stand))
            if lost % 2:
                await until(lambda: stand.states().get("failed"))
                await asyncio.to_thread(stand.make_and_start)
        await stand.resolve_all()
        await asyncio.to_thread(stand.ledger.check_sendings, stand.operations)
