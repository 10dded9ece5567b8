"""T7: a message that kills the manager whenever it is read, beside others; W6, L6."""

import json
from contextlib import suppress

from backend.http import httpx
from backend.messaging.port import Message
from backend.messaging.topology import ENRICHMENT_DEAD
from tests.backend.services.dlq_manager.manager import dead
from tests.faults.failpoints import DEADLY
from tests.faults.ledger import rows
from tests.faults.stand import Stand, until
from tests.fixtures.rabbitmq_server import RabbitServer

_NEIGHBOURS = 20
_POISON = json.dumps({"track_id": "t-0", "artist_name": DEADLY}).encode()
_MOST_DEATHS = 6


async def test_t7_a_deadly_message_is_set_aside_and_its_neighbours_are_not_harmed(stand: Stand) -> None:
    await die_of_one(stand)


async def test_t7_a_delivery_limit_on_the_queue_of_dead_letters_loses_nothing(
    rabbitmq_stand: Stand, rabbitmq_server: RabbitServer
) -> None:
    """The default of RabbitMQ 4, set behind the manager's back: it drops what is delivered 20 times."""
    policy = f"{rabbitmq_server.management_url}/api/policies/%2F/limit"
    body = {"pattern": "^enrichment.dead$", "definition": {"delivery-limit": 20}, "apply-to": "queues"}
    httpx.put(policy, json=body, timeout=10).raise_for_status()
    try:
        await die_of_one(rabbitmq_stand)
    finally:
        httpx.delete(policy, timeout=10).raise_for_status()


async def die_of_one(stand: Stand) -> None:
    """Start managers until all is in; each dies when it reads the one."""
    names = [f"letter-{number}" for number in range(_NEIGHBOURS)]
    messages = [*map(dead, names), dead("poison", body=_POISON)]
    deaths = 0
    async with stand.broker() as broker:
        await broker.publish(ENRICHMENT_DEAD, _mixed(messages))
        while deaths <= _MOST_DEATHS:
            stand.start(DEADLY)
            await until(lambda: stand.has_died() or all_in(stand, len(messages)))
            if stand.pid is not None:
                break
            deaths += 1
        assert await broker.depth(ENRICHMENT_DEAD) == 0
    assert deaths == 5, "three beside the others, two alone"
    assert stand.states() == {"failed": _NEIGHBOURS, "quarantined": 1}
    kept = rows(
        stand.operations,
        "SELECT p.body, m.error_type FROM dead_letters.messages AS m JOIN dead_letters.payloads AS p "
        "USING (message_id) WHERE m.state = 'quarantined'",
    )
    assert [(bytes(found), why) for found, why in kept] == [(_POISON, "DeadlyMessage")]


def _mixed(messages: list[Message]) -> list[Message]:
    """The last one in the middle."""
    middle = len(messages) // 2
    return [*messages[:middle], messages[-1], *messages[middle:-1]]


def all_in(stand: Stand, count: int) -> bool:
    with suppress(httpx.TransportError):
        return bool(stand.meter()["received"] == count)
    return False


async def test_kills_that_no_message_is_to_blame_for_quarantine_nothing(postgres_stand: Stand) -> None:
    """The manager is killed as it takes in; all that it had in hand is stored as it came."""
    stand = postgres_stand
    async with stand.broker() as broker:
        await stand.produce(broker, 40)
        for _ in range(4):
            stand.start("received")
            await until(stand.has_died)
        stand.start()
        await until(stand.has_taken_in)
    assert stand.states() == {"failed": 40}
