"""Applies what the enrichment service reports about replayed dead letters."""

from collections.abc import Callable
from enum import StrEnum

from backend.contracts.dead_letters import DeadLetterState, ReplayOutcome
from backend.services.common.database import Pool
from backend.services.dlq_manager import item_outcomes
from backend.services.dlq_manager.item_outcomes import Ended
from backend.services.dlq_manager.transitions import Act, change, hold, note

_ACTOR = "metadata-enrichment"
_AWAITING = frozenset({DeadLetterState.PUBLISHING, DeadLetterState.IN_FLIGHT})


class Applied(StrEnum):
    """What became of an outcome."""

    RESOLVED = "resolved"
    RECORDED = "recorded"
    """It belongs to an older sending, or came twice: written down, nothing changed."""
    UNKNOWN = "unknown"


class Outcomes:
    """Resolves dead letters, with the report as the proof."""

    def __init__(self, pool: Pool, observe_age: Callable[[float], None]) -> None:
        self._pool = pool
        self._observe_age = observe_age

    async def apply(self, outcome: ReplayOutcome) -> Applied:
        """Apply one report, in one transaction. psycopg errors pass through."""
        async with self._pool.connection() as connection:
            held = await hold(connection, outcome.message_id)
            if held is None:
                return Applied.UNKNOWN
            if held.state not in _AWAITING or held.generation != outcome.generation:
                await note(connection, held, Act(f"outcome of sending {outcome.generation}", _ACTOR))
                return Applied.RECORDED
            proof = outcome.model_dump(mode="json")
            act = Act("resolved", _ACTOR, f"enrichment {outcome.status}, request {outcome.request_id}")
            await change(connection, held, DeadLetterState.RESOLVED, act, proof=proof)
            await item_outcomes.resolved(connection, [Ended(held.message_id, held.generation)])
        self._observe_age(held.age_seconds)
        return Applied.RESOLVED
