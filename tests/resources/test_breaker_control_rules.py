"""What the operations database enforces of the breakers' control."""

import psycopg
import pytest

from backend.database.address import DatabaseAddress

AUDIT = """
INSERT INTO breaker_control.audit (provider, action, author, reason, before, epoch, at)
VALUES ('deezer', 'close', 'ada@desk', 'answers again', 'open, automatic', 4, now())
"""
STATE = """
INSERT INTO breaker_control.states VALUES ('deezer', 'host', %s, 'ada@desk', 'they asked us to', now(), {}, 3)
"""


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE breaker_control.audit SET author = 'somebody else'",
        "DELETE FROM breaker_control.audit",
        "TRUNCATE breaker_control.audit",
    ],
)
def test_what_operators_did_stays_on_record(operations_db: DatabaseAddress, change: str) -> None:
    with operations_db.connect(autocommit=True) as connection:
        connection.execute(AUDIT)
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            connection.execute(change)
        assert connection.execute("SELECT author FROM breaker_control.audit").fetchall() == [("ada@desk",)]


@pytest.mark.parametrize(
    ("control", "until", "taken"),
    [
        ("forced_open", "now() + interval '1 hour'", True),
        ("forced_open", "NULL", False),
        ("forced_open", "now() - interval '1 hour'", False),
        ("automatic", "NULL", True),
        ("automatic", "now() + interval '1 hour'", False),
    ],
)
def test_a_forced_state_ends_some_time_and_the_automatic_one_never(
    operations_db: DatabaseAddress, control: str, until: str, taken: bool
) -> None:
    with operations_db.connect(autocommit=True) as connection:
        if taken:
            connection.execute(STATE.format(until).encode(), (control,))
            return
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(STATE.format(until).encode(), (control,))
