"""What the tallies say of a selection is what counting its rows says."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import sql

from backend.contracts.dead_letter_operations import OperationKind
from backend.contracts.dead_letter_views import Selection
from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager import selection_counts
from backend.services.dlq_manager.refusals import RefusedError
from backend.services.dlq_manager.selection_counts import Counts, count_rows
from backend.services.dlq_manager.selection_sql import compile_selection
from backend.services.dlq_manager.tally_counts import can_tally, count_tallies, is_even
from tests.backend.services.dlq_manager.manager import Manager
from tests.backend.services.dlq_manager.test_act_kinds import frozen, run
from tests.fixtures.dead_letter_rows import fill

NOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
async def many(manager: Manager, operations_db: Any) -> Manager:
    """2,000 letters of a week, of five causes; some let go since the tallies were folded."""
    fill(operations_db, 2_000, causes=5, payload_bytes=10)
    await run(manager, await frozen(manager, OperationKind.DISCARD, [f"m-{n}" for n in range(1, 300)]))
    return manager


async def both(manager: Manager, selection: Selection) -> tuple[Counts, Counts]:
    async with manager.pool.connection() as connection:
        rows = await count_rows(connection, *compile_selection(selection), 60_000)
        return await count_tallies(connection, selection), rows


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"states": ["discarded", "failed"]},
        {"fingerprint": "cause00000000003"},
        {"failed_from": NOON - timedelta(hours=30, minutes=17), "failed_until": NOON - timedelta(minutes=43)},
    ],
)
async def test_tallies_agree_with_the_rows(many: Manager, chosen: dict[str, Any]) -> None:
    selection = Selection.model_validate(chosen)
    assert can_tally(selection)
    assert is_even(selection)
    tallied, counted = await both(many, selection)
    assert (tallied.by_state, tallied.causes, tallied.providers) == (
        counted.by_state,
        counted.causes,
        counted.providers,
    )
    assert tallied.total > 0
    ages: Counter[DeadLetterState] = Counter()
    for (state, _), count in tallied.ages.items():
        ages[state] += count
    assert ages == tallied.by_state


async def test_what_goes_by_content_or_within_a_minute_is_counted_by_rows(many: Manager) -> None:
    for chosen in ({"message_ids": ["m-1"]}, {"except_ids": ["m-1"]}, {"query": "artist:x"}):
        assert not can_tally(Selection.model_validate(chosen))
    assert not is_even(Selection(failed_from=NOON + timedelta(seconds=1)))


@pytest.mark.parametrize(("cap", "told"), [(100_000, (True, False, 1701)), (500, (False, True, 500))])
async def test_counting_that_takes_too_long_stops_at_a_cap_and_says_so(
    many: Manager, monkeypatch: pytest.MonkeyPatch, cap: int, told: tuple[bool, bool, int]
) -> None:
    monkeypatch.setattr(selection_counts, "CAP", cap)
    # A condition that takes its time, row by row, as a search through a million does.
    slow = sql.SQL("m.state = 'failed' AND pg_sleep(0.0005) IS NOT NULL")
    async with many.pool.connection() as connection:
        counts = await count_rows(connection, slow, {}, 50)
    assert (counts.exact, counts.capped, counts.total) == told


async def test_a_selection_that_cannot_be_counted_is_refused(
    many: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection_counts, "_PATIENCE_MS", 50)
    slow = sql.SQL("pg_sleep(0.0005) IS NOT NULL")
    async with many.pool.connection() as connection:
        with pytest.raises(RefusedError, match="takes too long"):
            await count_rows(connection, slow, {}, 50)
