"""One enrichment of a track at a time, whichever process it is in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest

from backend.database.address import DatabaseAddress
from backend.services.metadata_enrichment.work.track_locks import TrackLocks

Pair = tuple[TrackLocks, TrackLocks]


@pytest.fixture
async def processes(musicdb: DatabaseAddress) -> AsyncIterator[Pair]:
    """The locks of two processes: each has a session of its own."""
    async with TrackLocks(musicdb.conninfo()) as one, TrackLocks(musicdb.conninfo()) as other:
        yield one, other


async def can_take(locks: TrackLocks, track_id: str, seconds: float = 0.5) -> bool:
    async with AsyncExitStack() as stack:
        with suppress(TimeoutError):
            await asyncio.wait_for(stack.enter_async_context(locks.held(track_id)), seconds)
            return True
    return False


def end_sessions(musicdb: DatabaseAddress) -> None:
    with musicdb.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'track locks'"
        )


async def test_two_processes_take_turns_at_a_track_and_not_at_others(processes: Pair) -> None:
    one, other = processes
    async with one.held("t-1"):
        assert not await can_take(other, "t-1")
        assert not await can_take(one, "t-1")
        assert await can_take(other, "t-2")
        waiting = asyncio.create_task(can_take(other, "t-1", 20))
        await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting


async def test_a_lock_given_up_while_it_was_waited_for_is_free_again(processes: Pair) -> None:
    one, other = processes
    async with one.held("t-1"):
        assert not await can_take(other, "t-1", 0.05)
    assert await can_take(one, "t-1", 20)
    assert await can_take(other, "t-1", 20)


async def test_the_locks_of_a_process_that_died_are_free(processes: Pair, musicdb: DatabaseAddress) -> None:
    one, other = processes
    async with one.held("t-1"):
        end_sessions(musicdb)
        assert await can_take(other, "t-1", 20)


async def test_a_restart_of_the_database_costs_the_next_one_nothing(
    processes: Pair, musicdb: DatabaseAddress
) -> None:
    one, _other = processes
    assert await can_take(one, "t-1", 20)
    end_sessions(musicdb)
    assert await can_take(one, "t-1", 20)
