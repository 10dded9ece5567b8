"""T5 and T22: letters delivered twice, out of order; headers absent, forged or huge. I5, I8."""

import random
from typing import Any

import aio_pika
import pytest

from backend.messaging.port import HEADER_DEAD_LETTER_ID, HEADER_GENERATION, Message
from backend.messaging.postgres import PostgresBroker
from backend.messaging.topology import ENRICHMENT_DEAD, ENRICHMENT_OUTCOMES, QUEUES
from backend.services.common.database import Pool
from backend.services.dlq_manager.loop_rules import BOUNCES
from tests.backend.services.dlq_manager.enrichment_worker import success
from tests.backend.services.dlq_manager.manager import Manager, dead
from tests.faults.ledger import rows
from tests.faults.stand import Stand, publish_until_confirmed, until
from tests.faults.worker import steady_worker
from tests.fixtures.rabbitmq_server import RabbitServer


async def test_t5_everything_is_delivered_three_times_in_any_order_and_stored_once(
    stand: Stand, full: bool
) -> None:
    """So are the outcomes, and those of a sending before the last change nothing."""
    chance = random.Random(4711)
    sent: list[Message] = []

    def judge(message: Message) -> bool:
        sent.append(message)
        return stand.ledger.judge(message)

    async with stand.broker() as broker, steady_worker(broker, judge):
        stand.start()
        letters = stand.ledger.letters(2000 if full else 60) * 3
        chance.shuffle(letters)
        await publish_until_confirmed(broker, ENRICHMENT_DEAD, letters)
        await until(lambda: stand.has_taken_in() and not waiting(stand))
        stand.ledger.check_intake(stand.operations)
        operation = stand.make_and_start()
        await until(lambda: stand.is_in(operation, "completed"))
        late = [success(message) for message in sent if message.headers[HEADER_GENERATION] == 1] * 2
        chance.shuffle(late)
        before = stand.states()
        await publish_until_confirmed(broker, ENRICHMENT_OUTCOMES, late[:20])
        await until(lambda: not waiting(stand))
        failed_first = {name for name, _ in stand.ledger.failing}
        assert before == stand.states() == {
            "failed": len(failed_first), "resolved": len(stand.ledger.produced) - len(failed_first)
        }  # fmt: skip
        await stand.resolve_all()
        await publish_until_confirmed(broker, ENRICHMENT_OUTCOMES, late)
        await until(lambda: not waiting(stand))
        stand.ledger.check_sendings(stand.operations)


def waiting(stand: Stand) -> int:
    """Messages that the manager has still to look at."""
    depths = stand.meter()["broker"]
    return int(depths[ENRICHMENT_DEAD] + depths[ENRICHMENT_OUTCOMES])


_DEATHS: dict[str, Any] = {
    "forged as text": "thrice",
    "forged as a number": 7,
    "forged as an empty list": [],
    "forged as a list of texts": ["a", "b"],
    "forged as another death": [{"queue": "elsewhere", "reason": "rejected", "count": 10**15}],
    "forged as our waiting": [{"queue": f"{ENRICHMENT_DEAD}.wait.1s", "reason": "expired", "count": 1}],
    "huge": [{"queue": f"queue-{number}", "reason": "expired", "count": number} for number in range(1500)],
}


async def test_t22_forged_and_huge_deaths_are_taken_in_like_any_letter(
    rabbitmq_stand: Stand, rabbitmq_server: RabbitServer
) -> None:
    """RabbitMQ's x-death says nothing to the loop detection and goes out with no sending."""
    stand = rabbitmq_stand
    sent: list[Message] = []

    def judge(message: Message) -> bool:
        sent.append(message)
        return stand.ledger.judge(message)

    async with stand.broker() as broker, steady_worker(broker, judge):
        stand.start()
        letters = stand.ledger.letters(len(_DEATHS) + 1)
        async with await aio_pika.connect(rabbitmq_server.url) as connection:
            channel = await connection.channel()
            for letter, death in zip(letters, [*_DEATHS.values(), None], strict=True):
                headers = dict(letter.headers) | ({} if death is None else {"x-death": death})
                raw = aio_pika.Message(letter.body, headers=headers, message_id=letter.message_id)
                await channel.default_exchange.publish(raw, ENRICHMENT_DEAD)
        await until(stand.has_taken_in)
        assert stand.states() == {"failed": len(letters)}
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)
    assert not [name for message in sent for name in message.headers if name.startswith("x-")]


@pytest.mark.parametrize("forged", ["7", True, -3, 2**31, 2**63 - 1, 1.5], ids=str)
async def test_t22_a_forged_generation_loses_no_letter_and_harms_no_neighbour(
    postgres_stand: Stand, forged: Any
) -> None:
    """Nobody sent it, so it can be nobody's return: it is kept, under its own name or bare, and seen."""
    stand = postgres_stand
    async with stand.broker() as broker:
        stand.start()
        await stand.produce(broker, 3)
        strange = dead("stranger")
        headers = {**strange.headers, HEADER_DEAD_LETTER_ID: "stranger", HEADER_GENERATION: forged}
        await publish_until_confirmed(
            broker, ENRICHMENT_DEAD, [Message("stranger", strange.body, headers=headers)]
        )
        await stand.produce(broker, 3)
        await until(lambda: stand.meter()["received"] == 7)
        kept = rows(stand.operations, "SELECT message_id FROM dead_letters.messages")
        assert {name for (name,) in kept} >= set(stand.ledger.produced)
        assert rows(stand.operations, "SELECT count(*) FROM dead_letters.payloads WHERE body = %s",
                    strange.body) == [(1,)]  # fmt: skip


@pytest.mark.parametrize("headers", [{}, {"x-death": "thrice"}, {"x-first-death-queue": "q" * 5000}], ids=str)
async def test_t22_and_t14_a_letter_that_cannot_succeed_is_set_aside_after_three_returns(
    pool: Pool, headers: dict[str, str]
) -> None:
    """Whatever deaths its headers tell of: what counts are the returns that were seen."""
    broker = PostgresBroker(pool)
    await broker.declare(QUEUES)
    manager = Manager(pool, broker)
    await manager.take(with_headers(dead(), headers))
    seen: list[str] = []
    for generation in range(1, BOUNCES + 1):
        seen.append((await manager.letter()).state.value)
        await manager.send()
        await manager.take(with_headers(dead(generation=generation), headers))
    assert seen == ["failed"] * BOUNCES
    assert (await manager.letter()).state == "quarantined"


def with_headers(message: Message, more: dict[str, str]) -> Message:
    return Message(
        message.message_id, message.body, headers={**message.headers, **more}, correlation_id="trace-1"
    )
