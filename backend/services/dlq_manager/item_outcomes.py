"""Tells the operation that sent a letter what became of it, in the transaction that learnt it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from backend.services.dlq_manager.transitions import Connection

# Only the sending that the news is about: an older one has its end already.
_END: LiteralString = """
UPDATE dead_letters.operation_items AS i SET outcome = %(outcome)s, detail = e.detail,
    fingerprint = e.fingerprint, changed_at = clock_timestamp()
FROM unnest(%(ids)s::text[], %(generations)s::int[], %(fingerprints)s::text[], %(details)s::text[])
    AS e (message_id, generation, fingerprint, detail)
WHERE i.message_id = e.message_id AND i.generation = e.generation AND i.outcome IN ('claimed', 'sent')
"""


@dataclass(frozen=True)
class Ended:
    """A sending that ended."""

    message_id: str
    generation: int
    fingerprint: str | None = None
    """Of the failure with which it came back."""
    detail: str = ""


async def returned(connection: Connection, items: Sequence[Ended]) -> None:
    """These sendings came back: failed again."""
    await _end(connection, "returned", items)


async def resolved(connection: Connection, items: Sequence[Ended]) -> None:
    """These sendings were processed."""
    await _end(connection, "resolved", items)


async def _end(connection: Connection, outcome: str, items: Sequence[Ended]) -> None:
    # In one order, so that two transactions about the same letters do not wait for each other.
    ordered = sorted(items, key=_by_id)
    arguments = {
        "outcome": outcome,
        "ids": [item.message_id for item in ordered],
        "generations": [item.generation for item in ordered],
        "fingerprints": [item.fingerprint for item in ordered],
        "details": [item.detail for item in ordered],
    }
    await connection.execute(_END, arguments)


def _by_id(item: Ended) -> str:
    return item.message_id
