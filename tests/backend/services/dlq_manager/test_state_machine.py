"""The course of dead letters: failed, sent again, returned, resolved, quarantined, discarded."""

import asyncio
import itertools

import pytest

from backend.contracts.dead_letter_operations import LetterEdit
from backend.contracts.dead_letters import DeadLetterState
from backend.messaging.port import HEADER_DEAD_LETTER_ID, HEADER_FAILURE, HEADER_GENERATION
from backend.services.dlq_manager.intake import Taken
from backend.services.dlq_manager.letter_edits import LetterEdits
from backend.services.dlq_manager.loop_rules import BOUNCES
from backend.services.dlq_manager.operations import Done
from backend.services.dlq_manager.outcomes import Applied
from tests.backend.services.dlq_manager.manager import BODY, Manager, dead

S = DeadLetterState


async def test_a_failure_is_stored_once_however_often_it_is_delivered(manager: Manager) -> None:
    message = dead()
    assert await manager.take(message) is Taken.NEW
    assert [await manager.take(message) for _ in range(3)] == [Taken.DUPLICATE] * 3
    letter = await manager.letter()
    assert (letter.state, letter.retry_count, len(letter.audit)) == (S.FAILED, 0, 1)
    assert letter.payload == {"track_id": "t-1", "artist_name": "Faithless", "track_title": "Insomnia"}


async def test_another_message_under_the_same_id_is_kept_as_well(manager: Manager) -> None:
    await manager.take(dead())
    assert await manager.take(dead(body=b'{"other": true}')) is Taken.NEW
    assert (await manager.queries.stats()).total_messages == 2


@pytest.mark.parametrize(
    "body",
    [BODY, b'{ "big": 9223372036854775807, "a": 1, "a": 2 }', b"\xff\x00 no json", b""],
    ids=["request", "loses in a round trip", "bytes", "empty"],
)
async def test_a_replay_sends_the_original_bytes(manager: Manager, body: bytes) -> None:
    await manager.take(dead(body=body))
    await manager.send()
    (message,) = await manager.sent()
    assert message.body == body
    assert (message.message_id, message.correlation_id) == ("letter-1", "trace-1")
    assert message.headers[HEADER_DEAD_LETTER_ID] == "letter-1"
    assert message.headers[HEADER_GENERATION] == 1
    assert HEADER_FAILURE not in message.headers
    assert (await manager.letter()).state is S.IN_FLIGHT


async def test_a_success_resolves_with_proof(manager: Manager) -> None:
    await manager.take(dead())
    await manager.send()
    assert await manager.resolve() is Applied.RESOLVED
    letter = await manager.letter()
    assert (letter.state, letter.retry_count) == (S.RESOLVED, 0)
    assert letter.proof is not None
    assert letter.proof["request_id"] == "request-1"
    assert await manager.resolve() is Applied.RECORDED
    assert len(manager.ages) == 1


async def test_a_failure_after_a_replay_counts_as_a_retry(manager: Manager) -> None:
    await manager.take(dead())
    await manager.send()
    assert await manager.take(dead(generation=1, error="still no route")) is Taken.RETURNED
    assert await manager.take(dead(generation=1, error="still no route")) is Taken.DUPLICATE
    letter = await manager.letter()
    assert (letter.state, letter.retry_count, letter.generation) == (S.FAILED, 1, 1)
    assert letter.error_message == "still no route"


async def test_an_outcome_may_be_faster_than_the_confirmation(manager: Manager) -> None:
    await manager.take(dead())
    await manager.operations.replay("letter-1", "operator")
    assert await manager.resolve() is Applied.RESOLVED
    assert await manager.outbox.send_due() == 1
    assert (await manager.letter()).state is S.RESOLVED


async def test_news_of_an_older_sending_changes_nothing(manager: Manager) -> None:
    await manager.take(dead())
    await manager.send()
    await manager.take(dead(generation=1))
    await manager.send()
    assert await manager.resolve(generation=1) is Applied.RECORDED
    assert (await manager.letter()).state is S.IN_FLIGHT
    assert await manager.resolve(generation=2) is Applied.RESOLVED
    assert await manager.resolve("unknown") is Applied.UNKNOWN


async def test_what_keeps_coming_back_is_quarantined(manager: Manager) -> None:
    await manager.take(dead())
    for generation in range(1, BOUNCES + 1):
        assert (await manager.letter()).state is S.FAILED
        await manager.send()
        await manager.take(dead(generation=generation))
    letter = await manager.letter()
    assert letter.state is S.QUARANTINED
    assert letter.audit[-1].reason == "came back 3 times with the same failure"
    assert (await manager.queries.stats()).total_pending == 1
    await manager.send()
    assert (await manager.letter()).state is S.IN_FLIGHT


async def come_back(manager: Manager, begin: int, times: int) -> None:
    """Send it and let it fail, so many times from this sending on."""
    for generation in range(begin, begin + times):
        await manager.send()
        await manager.take(dead(generation=generation))


async def test_an_edited_letter_starts_its_count_again(manager: Manager) -> None:
    await manager.take(dead())
    await come_back(manager, 1, BOUNCES - 1)
    version = await version_of(manager)
    edit = LetterEdit(version=version, payload_text="{}", author="ann", reason="typo")
    await LetterEdits(manager.pool).edit("letter-1", edit)
    await come_back(manager, BOUNCES, BOUNCES - 1)
    assert (await manager.letter()).state is S.FAILED
    await come_back(manager, 2 * BOUNCES - 1, 1)
    assert (await manager.letter()).state is S.QUARANTINED


@pytest.mark.parametrize(
    ("subject", "provider", "state"),
    [
        ("deezer", "deezer", S.FAILED),
        ("deezer", None, S.FAILED),
        ("spotify", "deezer", S.QUARANTINED),
    ],
)
async def test_what_returns_during_an_outage_is_not_hopeless(
    manager: Manager, subject: str, provider: str | None, state: S
) -> None:
    async with manager.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO dead_letters.intervals (kind, subject, source_key, started_at) "
            "VALUES ('breaker_open', %s, 'k', now() - interval '1 hour')",
            (subject,),
        )
    await manager.take(dead(provider=provider))
    for generation in range(1, BOUNCES + 2):
        if (await manager.letter()).state is S.QUARANTINED:
            break
        await manager.send()
        await manager.take(dead(generation=generation, provider=provider))
    assert (await manager.letter()).state is state


async def version_of(manager: Manager) -> int:
    async with manager.pool.connection() as connection:
        cursor = await connection.execute("SELECT version FROM dead_letters.messages")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_another_failure_each_time_is_no_bounce(manager: Manager) -> None:
    await manager.take(dead())
    for generation, word in enumerate(("timeout", "refused", "reset", "closed"), start=1):
        await manager.send()
        await manager.take(dead(generation=generation, error=f"connection {word}"))
    assert (await manager.letter()).state is S.FAILED


async def test_two_operators_send_it_once(manager: Manager) -> None:
    await manager.take(dead())
    both = await asyncio.gather(
        manager.operations.replay("letter-1", "one"), manager.operations.replay("letter-1", "other")
    )
    assert sorted(done for done, _ in both) == [Done.CONFLICT, Done.DONE]
    await manager.outbox.send_due()
    assert len(await manager.sent()) == 1


async def test_discarding_keeps_everything_and_needs_an_open_letter(manager: Manager) -> None:
    await manager.take(dead())
    await manager.send()
    done, text = await manager.operations.discard("letter-1", "operator", "not needed")
    assert (done, "in flight" in text) == (Done.CONFLICT, True)
    await manager.take(dead(generation=1))
    assert (await manager.operations.discard("letter-1", "operator", "not needed"))[0] is Done.DONE
    assert (await manager.operations.discard("letter-1", "operator", "again"))[0] is Done.DONE
    letter = await manager.letter()
    assert letter.state is S.DISCARDED
    assert (letter.audit[-1].actor, letter.audit[-1].reason) == ("operator", "not needed")
    assert (await manager.operations.replay("letter-1", "operator"))[0] is Done.CONFLICT
    assert (await manager.queries.stats()).total_pending == 0


async def test_a_route_that_is_gone_fails_the_sending_and_loses_nothing(manager: Manager) -> None:
    await manager.take(dead(routing_key="queue.that.is.gone"))
    await manager.send()
    letter = await manager.letter()
    assert letter.state is S.FAILED
    assert "never declared" in letter.audit[-1].reason


async def test_unknown_letters_are_said_to_be_unknown(manager: Manager) -> None:
    assert (await manager.operations.replay("nope", "operator"))[0] is Done.NOT_FOUND
    assert (await manager.operations.discard("nope", "operator", "why"))[0] is Done.NOT_FOUND


async def test_every_change_is_audited(manager: Manager) -> None:
    await manager.take(dead())
    await manager.send()
    await manager.take(dead(generation=1))
    await manager.operations.discard("letter-1", "operator", "not needed")
    audit = (await manager.letter()).audit
    assert [entry.action for entry in audit] == ["received", "replay", "sent", "returned", "discard"]
    chain = [(entry.from_state, entry.to_state) for entry in audit[1:]]
    assert all(before[1] == after[0] for before, after in itertools.pairwise(chain))
