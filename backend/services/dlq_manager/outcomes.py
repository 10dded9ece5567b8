"""Applies what the enrichment service reports about replayed dead letters."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from backend.contracts.dead_letters import DeadLetterState, ReplayOutcome
from backend.services.common.database import Pool
from backend.services.dlq_manager import item_outcomes
from backend.services.dlq_manager.item_outcomes import Ended
from backend.services.dlq_manager.transitions import Act, Connection, Held, change, hold, note

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
        return (await self.apply_all([outcome]))[0]

    async def apply_all(self, outcomes: Sequence[ReplayOutcome]) -> list[Applied]:
        """Apply reports in one transaction, all or none. psycopg errors pass through."""
        ages: list[float] = []
        async with self._pool.connection() as connection:
            # Locked in one order, whatever order the reports came in.
            wanted = sorted({outcome.message_id for outcome in outcomes})
            held = {name: one for name in wanted if (one := await hold(connection, name)) is not None}
            applied = [await _apply(connection, held, outcome, ages) for outcome in outcomes]
        for age in ages:
            self._observe_age(age)
        return applied


async def _apply(
    connection: Connection, letters: dict[str, Held], outcome: ReplayOutcome, ages: list[float]
) -> Applied:
    held = letters.get(outcome.message_id)
    if held is None:
        return Applied.UNKNOWN
    if held.state not in _AWAITING or held.generation != outcome.generation:
        await note(connection, held, Act(f"outcome of sending {outcome.generation}", _ACTOR))
        return Applied.RECORDED
    proof = outcome.model_dump(mode="json")
    act = Act("resolved", _ACTOR, f"enrichment {outcome.status}, request {outcome.request_id}")
    changed = await change(connection, held, DeadLetterState.RESOLVED, act, proof=proof)
    letters[outcome.message_id] = changed
    await item_outcomes.resolved(connection, [Ended(held.message_id, held.generation)])
    ages.append(held.age_seconds)
    return Applied.RESOLVED
