"""The tallies of dead letters: kept by the database itself, exact with and without folding."""

from typing import Any

import psycopg
import pytest

from backend.database.address import DatabaseAddress
from tests.resources.test_dead_letter_rules import MOVE

Connection = psycopg.Connection[tuple[Any, ...]]

CHANGE = "UPDATE dead_letters.messages SET version = version + 1, {} WHERE {}"
DISCARD = "state = 'discarded', reason = 'r'"
LETTERS = """
INSERT INTO dead_letters.messages (message_id, routing_key, source_service, error_type, error_message,
    fingerprint, fingerprint_version, first_failed_at, failed_at)
SELECT 'm' || n, 'q', 's', 'E', 'e', 'cause-' || n %% 3, 2, now() - n * interval '1 minute',
    now() - n * interval '1 minute'
FROM generate_series(1, %s) AS n
"""
PAYLOADS = """
INSERT INTO dead_letters.payloads (message_id, body, sha256, content_type, headers)
SELECT message_id, message_id::bytea, sha256(message_id::bytea), 'text/plain', '{}' FROM dead_letters.messages
"""
TALLIED = """
SELECT fingerprint, state, sum(count) FROM (
    SELECT fingerprint, state, count FROM dead_letters.cause_tally
    UNION ALL SELECT fingerprint, state, change FROM dead_letters.deltas
) AS t GROUP BY 1, 2 HAVING sum(count) <> 0 ORDER BY 1, 2
"""
COUNTED = "SELECT fingerprint, state, count(*) FROM dead_letters.messages GROUP BY 1, 2 ORDER BY 1, 2"
BY_TIME = "SELECT {0}, fingerprint, state, count FROM dead_letters.{1}_tally ORDER BY 1, 2, 3"
COUNTED_BY_TIME = """
SELECT date_trunc('{1}', failed_at), fingerprint, state, count(*) FROM dead_letters.messages
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return connection.execute(statement.encode()).fetchall()


def change(connection: Connection, values: str, where: str) -> None:
    connection.execute(CHANGE.format(values, where).encode())


@pytest.mark.parametrize("folds", [True, False])
def test_tallies_follow_new_letters_and_changes(operations_db: DatabaseAddress, folds: bool) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(LETTERS, (200,))
        if folds:
            assert connection.execute("SELECT dead_letters.fold(1000)").fetchone() != (0,)
        change(connection, DISCARD, "fingerprint = 'cause-1'")
        change(connection, "fingerprint = 'cause-9', failed_at = now()", "message_id = 'm3'")
        assert rows(connection, TALLIED) == rows(connection, COUNTED)
        while connection.execute("SELECT dead_letters.fold(7)").fetchone() != (0,):
            assert rows(connection, TALLIED) == rows(connection, COUNTED)
        for span in ("minute", "hour"):
            tallied = rows(connection, BY_TIME.format(span, span))
            assert tallied == rows(connection, COUNTED_BY_TIME.format(span, span))


def test_a_new_fingerprint_becomes_a_cause_whoever_writes_it(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(LETTERS, (3,))
        change(connection, "fingerprint = 'other', error_message = 'x'", "message_id = 'm1'")
        found = rows(connection, "SELECT fingerprint, sample_message FROM dead_letters.causes ORDER BY 1")
    assert found == [("cause-0", "e"), ("cause-1", "e"), ("cause-2", "e"), ("other", "x")]


def test_what_was_received_is_counted_apart(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(LETTERS, (5,))
        connection.execute(PAYLOADS.encode())
        connection.execute("SELECT dead_letters.fold(1000)")
        assert rows(connection, "SELECT sum(count) FROM dead_letters.receipts") == [(5,)]


def test_only_what_is_over_is_purged_and_a_tombstone_stays(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(LETTERS, (3,))
        connection.execute(PAYLOADS.encode())
        change(connection, DISCARD, "message_id = 'm2'")
        purged = connection.execute(
            "SELECT dead_letters.purge('{m1,m2,m3}', 'retention', 'older than 30 days')"
        ).fetchone()
        assert purged == (1,)
        assert rows(connection, "SELECT message_id FROM dead_letters.payloads ORDER BY 1") == [
            ("m1",),
            ("m3",),
        ]
        assert rows(connection, "SELECT message_id, state_before, bytes FROM dead_letters.tombstones") == [
            ("m2", "discarded", 2)
        ]
        assert rows(connection, "SELECT state FROM dead_letters.messages WHERE message_id = 'm2'") == [
            ("purged",)
        ]
        assert rows(connection, TALLIED) == rows(connection, COUNTED)


def test_bytes_cannot_be_deleted_without_a_tombstone(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(LETTERS, (1,))
        connection.execute(PAYLOADS.encode())
        connection.execute("SELECT set_config('dead_letters.purging', 'yes', false)")
        with pytest.raises(psycopg.errors.RestrictViolation, match="kept until it is purged"):
            connection.execute("DELETE FROM dead_letters.payloads")


def test_a_purged_letter_stays_purged(operations_db: DatabaseAddress) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(LETTERS, (1,))
        change(connection, DISCARD, "true")
        connection.execute(PAYLOADS.encode())
        connection.execute("SELECT dead_letters.purge('{m1}', 'retention', 'old')")
        with pytest.raises(psycopg.errors.RestrictViolation, match="purged cannot become failed"):
            connection.execute(MOVE.replace("'m'", "'m1'"), {"to": "failed"})
