"""T9 and T18: several want the same letters at the same moment, in all pairs. I1, I4, I11."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backend.contracts.dead_letter_operations import LetterCommand, LetterControl, LetterEdit
from backend.services.common.database import Pool
from backend.services.dlq_manager.arrivals import read_arrival
from backend.services.dlq_manager.intake import Intake
from backend.services.dlq_manager.letter_acts import LetterActs
from backend.services.dlq_manager.letter_edits import LetterEdits
from backend.services.dlq_manager.refusals import ConflictError
from backend.services.dlq_manager.retention import Purge, Retention
from tests.backend.services.dlq_manager.manager import dead
from tests.faults.ledger import act, rows
from tests.faults.stand import Stand, until

_LETTERS = 20
C = LetterCommand
Act = Callable[[Pool, str, int], Awaitable[object]]


def command(name: LetterCommand) -> Act:
    async def give(pool: Pool, letter: str, version: int) -> None:
        ages: list[float] = []
        told = LetterControl(command=name, version=version, author=name.value, reason="test")
        await LetterActs(pool, ages.append).control(letter, told)

    return give


async def edit(pool: Pool, letter: str, version: int) -> None:
    told = LetterEdit(version=version, payload_text='{"edited": true}', author="edit", reason="test")
    await LetterEdits(pool).edit(letter, told)


_ACTS = {name.value: command(name) for name in (C.RETRY, C.DISCARD, C.QUARANTINE)} | {"edit": edit}


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations_with_replacement(sorted(_ACTS), 2)))
async def test_t9_of_two_operators_on_one_letter_one_is_told_about_the_other(
    pool: Pool, postgres_stand: Stand, one: str, other: str
) -> None:
    """Both have seen the same version: one act happens, the other is a conflict, nothing happens twice."""
    for number in range(_LETTERS):
        await take(pool, f"letter-{number}")
    for number in range(_LETTERS):
        letter = f"letter-{number}"
        both = [_ACTS[one](pool, letter, 1), _ACTS[other](pool, letter, 1)]
        ends = await asyncio.gather(*both, return_exceptions=True)
        assert [type(end) for end in ends if end is not None] == [ConflictError]
    operations = postgres_stand.operations
    assert rows(operations, "SELECT DISTINCT version FROM dead_letters.messages") == [(2,)]
    changes = "SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM dead_letters.audit " \
              "WHERE action <> 'received' GROUP BY message_id) AS c"  # fmt: skip
    assert rows(operations, changes) == [(_LETTERS, 1)]
    live = "SELECT count(*) FROM dead_letters.outbox"
    publishing = "SELECT count(*) FROM dead_letters.messages WHERE state = 'publishing'"
    assert rows(operations, live) == rows(operations, publishing)


@pytest.mark.parametrize("kind", ["retry", "discard", "quarantine"])
async def test_t9_a_group_and_single_letters_of_it_at_once(postgres_stand: Stand, kind: str) -> None:
    """Each letter is sent once or dealt with once; the operation tells whom others were faster with."""
    stand = postgres_stand
    async with stand.broker() as broker:
        stand.start()
        await stand.produce(broker, 60)
        await until(stand.has_taken_in)
        operation = stand.make(kind=kind)
        body = {"command": "retry", "version": 1, "author": "ben", "reason": "test"}

        def single(name: str) -> int:
            return stand.ask("POST", f"/dlq/letters/{name}/control", body).status_code

        chosen = [f"letter-{number}" for number in range(0, 60, 2)]
        answers = asyncio.gather(*(asyncio.to_thread(single, name) for name in chosen))
        await asyncio.to_thread(stand.command, operation, "start")
        codes = await answers
        assert set(codes) <= {200, 409}
        await until(lambda: is_decided(stand, operation))
        counts = stand.operation(operation)["counts"]
        assert counts["skipped"] == codes.count(200)
        assert sum(stand.states().values()) == 60
    intents = rows(stand.operations, "SELECT message_id, count(*) FROM dead_letters.outbox GROUP BY 1")
    assert {count for _, count in intents} <= {1}
    assert len(intents) == (60 if kind == "retry" else codes.count(200))
    stand.ledger.check_intake(stand.operations)


def is_decided(stand: Stand, operation: Any) -> bool:
    counts = stand.operation(operation)["counts"]
    return not counts["pending"] and not counts["claimed"]


async def test_t18_retention_beside_retries_takes_bytes_of_what_is_over_alone(
    pool: Pool, postgres_stand: Stand
) -> None:
    """Whoever is first: what is open keeps its bytes, and what is purged is purged for good."""
    operations = postgres_stand.operations
    for number in range(120):
        await take(pool, f"letter-{number}")
    gone = {f"letter-{number}" for number in range(60)}
    await asyncio.gather(*(command(C.DISCARD)(pool, name, 1) for name in gone))
    act(
        operations,
        "UPDATE dead_letters.messages SET version = version + 1, changed_at = now() - interval '1 year'",
    )
    purge = Purge(pool, Retention(resolved_days=30, discarded_days=30))
    versions = dict(rows(operations, "SELECT message_id, version FROM dead_letters.messages"))
    commands = [  # each on the version that its operator sees
        command(C.UNDO if name in gone else C.RETRY)(pool, name, version)
        for name, version in versions.items()
    ]
    await asyncio.gather(*commands, *(purge.purge_due() for _ in range(3)), return_exceptions=True)
    await purge.purge_due()
    found = rows(operations, "SELECT m.state, p.message_id IS NOT NULL, count(*) FROM dead_letters.messages "
                             "AS m LEFT JOIN dead_letters.payloads AS p USING (message_id) "
                             "GROUP BY 1, 2")  # fmt: skip
    kept = {(state, has_bytes): count for state, has_bytes, count in found}
    assert set(kept) <= {("purged", False), ("failed", True), ("publishing", True)}
    assert kept["publishing", True] == 120 - len(gone)
    assert sum(kept.values()) == 120


async def take(pool: Pool, letter: str) -> None:
    await Intake(pool).take(read_arrival(dead(letter)))
