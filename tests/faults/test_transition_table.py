"""T20: commands in any order, legal or not. No state outside the table, each change audited. I10."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from backend.contracts.dead_letter_operations import LetterCommand, LetterControl, LetterEdit
from backend.contracts.dead_letters import DeadLetterState
from backend.database.address import DatabaseAddress
from backend.messaging.postgres import PostgresBroker
from backend.messaging.topology import QUEUES
from backend.services.common.database import Pool
from backend.services.dlq_manager.letter_acts import LetterActs
from backend.services.dlq_manager.letter_edits import LetterEdits
from backend.services.dlq_manager.refusals import ConflictError, NotFoundError, RefusedError
from backend.services.dlq_manager.retention import Purge, Retention
from tests.backend.services.dlq_manager.manager import Manager, dead
from tests.faults.ledger import rows

S = DeadLetterState
TABLE = {
    S.FAILED: {S.PUBLISHING, S.QUARANTINED, S.DISCARDED, S.SCHEDULED, S.CLAIMED},
    S.SCHEDULED: {S.CLAIMED, S.FAILED},
    S.CLAIMED: {S.FAILED, S.PUBLISHING},
    S.PUBLISHING: {S.IN_FLIGHT, S.FAILED, S.RESOLVED, S.QUARANTINED},
    S.IN_FLIGHT: {S.FAILED, S.RESOLVED, S.QUARANTINED},
    S.RESOLVED: {S.FAILED, S.PURGED},
    S.QUARANTINED: {S.FAILED, S.DISCARDED},
    S.DISCARDED: {S.FAILED, S.QUARANTINED, S.PURGED},
    S.PURGED: set(),
}
"""The design's table. A letter that a late failure finds quarantined at once has no stop between."""

_LETTERS = ("letter-0", "letter-1")
_REFUSED = (ConflictError, NotFoundError, RefusedError)
_CHAIN = """
SELECT message_id, from_state, to_state FROM dead_letters.audit WHERE from_state IS NOT NULL ORDER BY id
"""
_COUNTED = """
SELECT m.message_id, count(a.*) FILTER (WHERE a.from_state <> a.to_state),
    (SELECT count(*) FROM changes AS c WHERE c.message_id = m.message_id)
FROM dead_letters.messages AS m LEFT JOIN dead_letters.audit AS a USING (message_id) GROUP BY 1
"""
_WATCH = """
CREATE TABLE changes (message_id text, from_state text, to_state text);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.changes VALUES (NEW.message_id, OLD.state, NEW.state); RETURN NULL; END $$;
CREATE TRIGGER watch AFTER UPDATE ON dead_letters.messages FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION watch();
"""

Step = tuple[str, int]
"""What happens, and to which letter; a negative letter: seen in an old version."""
_WORDS = [
    *(command.value for command in LetterCommand),
    "edit",
    "send",
    "fail",
    "fail late",
    "succeed",
    "purge",
]
_STEPS = st.lists(st.tuples(st.sampled_from(_WORDS), st.sampled_from([0, 1, -1])), min_size=5, max_size=25)


class Course:
    """Does steps to letters as the parts of the manager would."""

    def __init__(self, pool: Pool, manager: Manager) -> None:
        self._manager = manager
        self._acts = LetterActs(pool, manager.ages.append)
        self._edits = LetterEdits(pool)
        self._purge = Purge(pool, Retention(resolved_days=30, discarded_days=30))
        self._steps: dict[str, Callable[[str, int], Awaitable[object]]] = {
            "edit": self._edit,
            "send": self._send,
            "fail": self._fail,
            "fail late": self._fail_late,
            "succeed": self._succeed,
            "purge": self._age_and_purge,
        }

    async def go(self, step: Step) -> bool:
        """Do one step; whether it was taken."""
        word, place = step
        name = _LETTERS[abs(place)]
        version = await self._version(name) - (place < 0)
        try:
            if word in self._steps:
                await self._steps[word](name, version)
            else:
                told = LetterControl(command=LetterCommand(word), version=version, author="ann", reason="r")
                await self._acts.control(name, told)
        except _REFUSED:
            return False
        return True

    async def _version(self, name: str) -> int:
        return await self._read("SELECT version FROM dead_letters.messages WHERE message_id = %s", name)

    async def _generation(self, name: str) -> int:
        return await self._read("SELECT generation FROM dead_letters.messages WHERE message_id = %s", name)

    async def _read(self, statement: str, name: str) -> int:
        async with self._manager.pool.connection() as connection:
            row = await (await connection.execute(statement.encode(), (name,))).fetchone()
        assert row is not None
        return int(row[0])

    async def _edit(self, name: str, version: int) -> None:
        edit = LetterEdit(version=version, payload_text=f'{{"v": {version}}}', author="ann", reason="r")
        await self._edits.edit(name, edit)

    async def _send(self, _name: str, _version: int) -> None:
        await self._manager.outbox.send_due()

    async def _fail(self, name: str, _version: int) -> None:
        if generation := await self._generation(name):
            await self._manager.take(dead(name, generation=generation))

    async def _fail_late(self, name: str, _version: int) -> None:
        if (generation := await self._generation(name)) > 1:
            await self._manager.take(dead(name, generation=generation - 1))

    async def _succeed(self, name: str, _version: int) -> None:
        await self._manager.resolve(name, await self._generation(name))

    async def _age_and_purge(self, name: str, _version: int) -> None:
        async with self._manager.pool.connection() as connection:
            await connection.execute(
                "UPDATE dead_letters.messages SET changed_at = now() - interval '1 year', "
                "version = version + 1 WHERE message_id = %s AND state IN ('resolved', 'discarded')",
                (name,),
            )
        await self._purge.purge_due()


def test_t20_no_command_leads_out_of_the_table(operations_db: DatabaseAddress, full: bool) -> None:
    """Each change is an arrow of the table and audited once; what was refused did nothing."""
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(_WATCH.encode())

    @settings(
        max_examples=2000 if full else 15,
        deadline=None,
        database=None,
        derandomize=not full,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=_STEPS)
    def walk(steps: list[Step]) -> None:
        asyncio.run(follow(operations_db, steps))

    walk()


async def follow(operations: DatabaseAddress, steps: list[Step]) -> None:
    empty(operations)
    async with AsyncConnectionPool(
        kwargs=operations.conninfo(), min_size=1, max_size=4, open=False, timeout=5
    ) as pool:
        broker = PostgresBroker(pool)
        await broker.declare(QUEUES)
        manager = Manager(pool, broker)
        for name in _LETTERS:
            await manager.take(dead(name))
        course = Course(pool, manager)
        for step in steps:
            before = picture(operations)
            if not await course.go(step):
                assert picture(operations) == before, f"{step} was refused and changed something"
    check(operations)


def picture(operations: DatabaseAddress) -> list[tuple[object, ...]]:
    """Everything that a command could change."""
    return rows(
        operations,
        "SELECT message_id, state, version, generation, (SELECT count(*) FROM dead_letters.audit), "
        "(SELECT count(*) FROM dead_letters.outbox), (SELECT count(*) FROM dead_letters.revisions) "
        "FROM dead_letters.messages ORDER BY 1",
    )


def check(operations: DatabaseAddress) -> None:
    for name, before, after in rows(operations, _CHAIN):
        if before != after:
            assert S(after) in TABLE[S(before)], f"{name}: {before} became {after}"
    for name, audited, changed in rows(operations, _COUNTED):
        assert audited == changed, f"{name}: {changed} changes, {audited} audit entries"
    assert rows(operations, "SELECT message_id FROM dead_letters.outbox WHERE finished_at IS NULL "
                            "GROUP BY 1 HAVING count(*) > 1") == []  # fmt: skip


def empty(operations: DatabaseAddress) -> None:
    """As it was made: the tables that refuse a deletion are emptied past their guards."""
    with operations.connect(autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname IN ('dead_letters', 'broker') OR tablename = 'changes'"
        ).fetchall()
        connection.execute(f"TRUNCATE {', '.join(name for (name,) in tables)}".encode())


async def test_t20_the_database_refuses_every_arrow_that_the_table_has_not(
    pool: Pool, operations_db: DatabaseAddress
) -> None:
    """Whatever program writes it, and whatever the state that it comes from."""
    manager = Manager(pool, PostgresBroker(pool))
    await manager.take(dead("letter-0"))
    allowed = {before: {after for after in S if can_become(operations_db, before, after)} for before in S}
    assert allowed == {before: after | {before} for before, after in TABLE.items()}


def can_become(operations: DatabaseAddress, before: S, after: S) -> bool:
    """Whether an UPDATE is let through; taken back in either case."""
    change = """UPDATE dead_letters.messages SET state = %(state)s, version = version + 1, reason = 'r',
        generation = 1, proof = CASE WHEN %(state)s = 'resolved' THEN '{}'::jsonb END, lease_until = now(),
        operation_id = gen_random_uuid(), scheduled_for = now()"""
    with operations.connect() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(change.encode(), {"state": before.value})
        connection.execute("SET LOCAL session_replication_role = origin")
        try:
            connection.execute(change.encode(), {"state": after.value})
        except psycopg.errors.RestrictViolation:
            connection.rollback()
            return False
        connection.rollback()
    return True
