"""The state machine of dead letters, as the database enforces it."""

import itertools

import psycopg
import pytest

from backend.contracts.dead_letters import DeadLetterState
from backend.database.address import DatabaseAddress

S = DeadLetterState
ALLOWED = {
    (S.FAILED, S.PUBLISHING),
    (S.FAILED, S.QUARANTINED),
    (S.FAILED, S.DISCARDED),
    (S.PUBLISHING, S.IN_FLIGHT),
    (S.PUBLISHING, S.FAILED),
    (S.PUBLISHING, S.RESOLVED),
    (S.PUBLISHING, S.QUARANTINED),
    (S.IN_FLIGHT, S.FAILED),
    (S.IN_FLIGHT, S.RESOLVED),
    (S.IN_FLIGHT, S.QUARANTINED),
    (S.RESOLVED, S.FAILED),
    (S.QUARANTINED, S.FAILED),
    (S.QUARANTINED, S.DISCARDED),
    (S.DISCARDED, S.FAILED),
    (S.DISCARDED, S.QUARANTINED),
    (S.FAILED, S.SCHEDULED),
    (S.FAILED, S.CLAIMED),
    (S.SCHEDULED, S.CLAIMED),
    (S.SCHEDULED, S.FAILED),
    (S.CLAIMED, S.FAILED),
    (S.CLAIMED, S.PUBLISHING),
    (S.RESOLVED, S.PURGED),
    (S.DISCARDED, S.PURGED),
}
INSERT = """
INSERT INTO dead_letters.messages (message_id, state, generation, routing_key, source_service, error_type,
    error_message, fingerprint, fingerprint_version, reason, operation_id, lease_until, scheduled_for, proof,
    first_failed_at, failed_at)
VALUES ('m', %(state)s, 1, 'q', 's', 'E', 'e', 'f', 1, 'because', gen_random_uuid(), now(), now(),
    CASE WHEN %(state)s = 'resolved' THEN '{}'::jsonb END, now(), now())
"""
MOVE = """
UPDATE dead_letters.messages SET state = %(to)s, version = version + 1,
    proof = CASE WHEN %(to)s = 'resolved' THEN '{}'::jsonb END
WHERE message_id = 'm'
"""


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(S, 2)))
def test_only_the_arrows_of_the_state_machine_can_be_walked(
    operations_db: DatabaseAddress, source: S, target: S
) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(INSERT, {"state": source.value})
        if (source, target) in ALLOWED:
            connection.execute(MOVE, {"to": target.value})
            return
        with pytest.raises(psycopg.errors.RestrictViolation, match=f"{source} cannot become {target}"):
            connection.execute(MOVE, {"to": target.value})


def test_a_version_cannot_be_skipped(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(INSERT, {"state": "failed"})
        with pytest.raises(psycopg.errors.RestrictViolation, match="cannot follow"):
            connection.execute("UPDATE dead_letters.messages SET error_type = 'Other'")


@pytest.mark.parametrize("table", ["messages", "payloads", "attempts", "audit", "outbox"])
@pytest.mark.parametrize("change", ["DELETE FROM dead_letters.{}", "TRUNCATE dead_letters.{} CASCADE"])
def test_nothing_is_ever_deleted(operations_db: DatabaseAddress, table: str, change: str) -> None:
    refused = pytest.raises(psycopg.errors.RestrictViolation, match="are kept")
    with operations_db.connect(autocommit=True) as connection, refused:
        connection.execute(change.format(table).encode())


def test_the_original_bytes_cannot_change(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(INSERT, {"state": "failed"})
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "INSERT INTO dead_letters.payloads VALUES ('m', 'bytes', sha256('other'), 'text/plain', '{}')"
            )
        connection.execute(
            "INSERT INTO dead_letters.payloads VALUES ('m', 'bytes', sha256('bytes'), 'text/plain', '{}')"
        )
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("UPDATE dead_letters.payloads SET body = 'x', sha256 = sha256('x')")


def test_resolved_needs_proof_and_discarded_a_reason(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(INSERT, {"state": "in_flight"})
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE dead_letters.messages SET state = 'resolved', version = 2")
        connection.execute("UPDATE dead_letters.messages SET state = 'failed', version = 2, reason = ''")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE dead_letters.messages SET state = 'discarded', version = 3")
