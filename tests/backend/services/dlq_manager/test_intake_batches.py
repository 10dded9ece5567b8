"""Arrivals stored many at a time: the same as one by one, and none is lost with a bad neighbour."""

import hashlib

import pytest

from backend.messaging.port import HEADER_FAILURE, Message
from backend.messaging.postgres_queue import PostgresQueue
from backend.messaging.topology import ENRICHMENT_DEAD
from backend.services.dlq_manager.arrivals import read_arrival
from backend.services.dlq_manager.intake import Taken
from tests.backend.services.dlq_manager.manager import BODY, Manager, ManagerAddress, dead, report
from tests.waiting import wait_until

NEW, RETURNED, DUPLICATE = Taken.NEW, Taken.RETURNED, Taken.DUPLICATE


async def take_all(manager: Manager, *messages: Message) -> list[Taken]:
    return await manager.intake.take_all([read_arrival(message) for message in messages])


async def test_a_batch_of_new_letters(manager: Manager) -> None:
    taken = await take_all(manager, *(dead(f"l-{number}") for number in range(50)))
    assert taken == [NEW] * 50
    letter = await manager.letter("l-7")
    assert (letter.state, letter.audit[0].action, letter.payload["artist_name"]) == (
        "failed",
        "received",
        "Faithless",
    )


async def test_the_same_delivery_twice_in_a_batch_and_again_later(manager: Manager) -> None:
    assert await take_all(manager, dead("l-1"), dead("l-2"), dead("l-1")) == [NEW, NEW, DUPLICATE]
    assert await take_all(manager, dead("l-2"), dead("l-3")) == [DUPLICATE, NEW]


async def test_other_bytes_under_the_same_id_are_another_letter(manager: Manager) -> None:
    other = dead("l-1", body=b'{"track_id": "t-2"}')
    assert await take_all(manager, dead("l-1"), other) == [NEW, NEW]
    stats = await manager.queries.stats()
    assert stats.total_messages == 2


async def test_a_return_among_new_ones(manager: Manager) -> None:
    await manager.take(dead("letter-1"))
    await manager.send()
    assert await take_all(manager, dead("l-2"), dead("letter-1", 1), dead("l-3")) == [NEW, RETURNED, NEW]
    assert (await manager.letter()).state == "failed"


async def test_artist_title_and_track_are_found_in_the_payload(manager: Manager) -> None:
    await take_all(manager, dead("l-1"))
    async with manager.pool.connection() as connection:
        cursor = await connection.execute("SELECT artist, title, business_key FROM dead_letters.messages")
        assert await cursor.fetchall() == [("Faithless", "Insomnia", "t-1")]


@pytest.mark.parametrize("body", [b"[]", b'"text"', b'{"artist_name": 7, "track_title": " "}', b"\xff\xfe"])
async def test_a_payload_without_a_track_has_none(manager: Manager, body: bytes) -> None:
    await take_all(manager, dead("l-1", body=body))
    async with manager.pool.connection() as connection:
        cursor = await connection.execute("SELECT artist, title, business_key FROM dead_letters.messages")
        assert await cursor.fetchall() == [(None, None, None)]


async def test_one_that_cannot_be_stored_is_kept_bare_and_its_neighbours_are_stored(
    served: ManagerAddress,
) -> None:
    """An id too long for an index stands for whatever nobody thought of."""
    wait_until(lambda: len(served.ask("GET", "/dlq/stats").json().get("queue_stats", ())) == 3)
    good = [dead(f"l-{number}") for number in range(6)]
    long_id = "".join(hashlib.sha512(str(place).encode()).hexdigest() for place in range(90))
    bad = Message(long_id, b"the bytes", headers={HEADER_FAILURE: report().model_dump_json()})
    await served.publish(*good[:3], bad, *good[3:])
    wait_until(lambda: served.ask("GET", "/dlq/stats").json().get("total_messages") == 7)
    letters = served.ask("GET", "/dlq/messages", params={"limit": 100}).json()
    kept = [letter for letter in letters if letter["state"] == "quarantined"]
    assert [(letter["error_type"], letter["payload"]) for letter in kept] == [
        ("UnstorableMessage", "the bytes")
    ]
    assert served.ask("GET", "/dlq/stats").json()["queue_stats"]["enrichment.dead"] == 0


async def test_acknowledgements_at_the_same_time_are_told_apart(manager: Manager) -> None:
    await manager.broker.publish(ENRICHMENT_DEAD, [dead("l-1"), dead("l-2")])
    queue = PostgresQueue(manager.pool, ENRICHMENT_DEAD)
    first, second = await queue.claim(2)
    await queue.put_back(second, 0.0)
    assert await queue.remove([first, second]) == {first.row_id}
    assert await manager.broker.depth(ENRICHMENT_DEAD) == 1


async def test_without_an_id_a_redelivery_is_known_by_its_bytes(manager: Manager) -> None:
    """On RabbitMQ each delivery of such a message has another name of ours."""
    first, again, other = (dead(f"without-id-{number}", body=BODY) for number in range(3))
    assert await manager.intake.take_all([read_arrival(first)]) == [Taken.NEW]
    assert await manager.intake.take_all([read_arrival(again, deliveries=2)]) == [Taken.DUPLICATE]
    # Delivered for the first time it is another one, whatever its bytes are: a duplicate is seen, a loss not.
    assert await manager.intake.take_all([read_arrival(other)]) == [Taken.NEW]
    two = [read_arrival(dead(f"without-id-{n}", body=b'{"n": 1}'), deliveries=2) for n in (3, 4)]
    assert await manager.intake.take_all(two) == [Taken.NEW, Taken.NEW]
    assert await manager.intake.take_all(two) == [Taken.DUPLICATE, Taken.DUPLICATE]


async def test_with_an_id_bytes_say_nothing(manager: Manager) -> None:
    await manager.intake.take_all([read_arrival(dead("with-one"))])
    assert await manager.intake.take_all([read_arrival(dead("with-two"), deliveries=2)]) == [Taken.NEW]
