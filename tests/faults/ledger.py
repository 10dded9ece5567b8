"""What the fault tests know from outside both systems, and what they hold against them at the end."""

import hashlib
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.database.address import DatabaseAddress
from backend.messaging.port import HEADER_DEAD_LETTER_ID, HEADER_GENERATION, Message
from backend.services.dlq_manager.operation_runner import WINDOW
from tests.backend.services.dlq_manager.manager import dead

Sending = tuple[str, int]
"""A letter's id and its generation."""

_SILENT = """
SELECT message_id FROM dead_letters.messages AS m
WHERE version <> (SELECT max(version) FROM dead_letters.audit AS a WHERE a.message_id = m.message_id)
"""
_BROKEN_CHAIN = """
SELECT message_id FROM (
    SELECT message_id, from_state, lag(to_state) OVER (PARTITION BY message_id ORDER BY id) AS before
    FROM dead_letters.audit WHERE from_state IS NOT NULL OR action = 'received'
) AS chain WHERE from_state <> before
"""
_OLD_LEASES = """
SELECT id::text FROM dead_letters.operations
WHERE finished_at IS NULL AND state IN ('canary', 'running') AND lease_until < now() - interval '5 s'
UNION ALL
SELECT message_id FROM broker.messages WHERE lease IS NOT NULL AND visible_at < now() - interval '5 s'
"""
_OPEN_ENDS = """
SELECT message_id FROM dead_letters.outbox WHERE finished_at IS NULL
UNION ALL
SELECT i.message_id FROM dead_letters.operation_items AS i
JOIN dead_letters.operations AS o ON o.id = i.operation_id
WHERE o.state = 'completed' AND i.outcome IN ('pending', 'claimed', 'sent')
"""


@dataclass
class Ledger:
    """Every letter produced and every sending seen."""

    produced: dict[str, bytes] = field(default_factory=dict)
    """The digest of each letter's bytes, by its id."""
    seen: Counter[Sending] = field(default_factory=Counter)
    """How often each sending arrived at the worker."""
    failing: set[Sending] = field(default_factory=set)
    """Sendings that the worker let fail."""
    kills: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def letters(self, count: int) -> list[Message]:
        """New letters, entered before anything else knows of them."""
        with self._lock:
            first = len(self.produced)
            made = [_letter(number) for number in range(first, first + count)]
            self.produced |= {one.message_id: _digest(one) for one in made}
        return made

    def judge(self, message: Message) -> bool:
        """The worker's verdict: of every three letters one fails at its first sending. Notes the sending."""
        sending = _sending(message)
        fails = sending[1] == 1 and int(sending[0].rpartition("-")[2]) % 3 == 0
        with self._lock:
            self.seen[sending] += 1
            if fails:
                self.failing.add(sending)
        return not fails

    @property
    def duplicates(self) -> int:
        """Arrivals beyond the first of a sending, which the consumer recognises by id and generation."""
        return sum(self.seen.values()) - len(self.seen)

    def check_intake(self, operations: DatabaseAddress) -> None:
        """Each letter has one row and its bytes; nothing else has."""
        kept = rows(
            operations, "SELECT message_id, sha256, sha256(body) FROM dead_letters.payloads ORDER BY 1"
        )
        ids = [name for name, _, _ in kept]
        assert ids == sorted(self.produced), _difference(ids, list(self.produced))
        assert all(bytes(told) == bytes(real) == self.produced[name] for name, told, real in kept)
        assert rows(operations, "SELECT count(*) FROM dead_letters.messages") == [(len(self.produced),)]
        assert rows(operations, _SILENT) == [], "changed without an audit entry"
        assert rows(operations, _BROKEN_CHAIN) == [], "the audit entries do not follow on each other"
        assert rows(operations, _OLD_LEASES) == [], "a lease that nobody ended"

    def check_sendings(self, operations: DatabaseAddress) -> None:
        """All is resolved: each sending that was decided arrived, none that was not, and each has its end."""
        self.check_intake(operations)
        kept = rows(operations, "SELECT message_id, state, generation FROM dead_letters.messages")
        assert {state for _, state, _ in kept} == {"resolved"}
        decided = {(name, number + 1) for name, _, last in kept for number in range(last)}
        assert set(self.seen) == decided, "sent and not arrived, or arrived and never decided"
        assert self.duplicates <= self.kills * WINDOW
        assert rows(operations, _OPEN_ENDS) == [], "a sending without an end"
        returned = rows(operations, "SELECT message_id, generation FROM dead_letters.attempts "
                                    "WHERE generation > 0")  # fmt: skip
        assert set(returned) == self.failing


def rows(operations: DatabaseAddress, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """What a statement gives."""
    with operations.connect(autocommit=True) as connection:
        return connection.execute(statement.encode(), arguments or None).fetchall()


def act(operations: DatabaseAddress, statement: str, *arguments: Any) -> int:
    """Rows that a statement has changed."""
    with operations.connect(autocommit=True) as connection:
        return connection.execute(statement.encode(), arguments or None).rowcount


def _letter(number: int) -> Message:
    body = f'{{"track_id": "t-{number}", "artist_name": "Artist", "track_title": "Title {number}"}}'
    return dead(f"letter-{number}", body=body.encode())


def _digest(message: Message) -> bytes:
    return hashlib.sha256(message.body).digest()


def _sending(message: Message) -> Sending:
    return str(message.headers[HEADER_DEAD_LETTER_ID]), int(message.headers[HEADER_GENERATION])


def _difference(found: Sequence[str], wanted: Sequence[str]) -> str:
    lost, strange = set(wanted) - set(found), set(found) - set(wanted)
    return f"lost: {sorted(lost)[:20]} ({len(lost)}), strange: {sorted(strange)[:20]} ({len(strange)})"
