"""The recorder against a real PostgreSQL."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from backend.database.address import DatabaseAddress
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.records import BreakerEventRecord, BreakerStateRecord, ResponseRecord
from backend.services.common.database import Database
from tests.fixtures.postgres import free_port

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BODY = b'{"bytes": "\xff\x00 as received"}'


def response(body: bytes | None = BODY, **params: str) -> ResponseRecord:
    return ResponseRecord(
        id=str(uuid.uuid4()),
        provider="deezer",
        endpoint="search",
        request_params=params,
        response_status=200,
        response_headers={"content-type": "application/json"},
        body=body,
        outcome="ok",
        latency_ms=12.5,
        correlation_id="trace-1",
        fetched_at=NOW,
    )


@asynccontextmanager
async def running(recorder: Recorder) -> AsyncIterator[None]:
    task = asyncio.create_task(recorder.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "the condition did not come true"
        await asyncio.sleep(0.01)


def rows(address: DatabaseAddress, query: str) -> list[tuple[Any, ...]]:
    with address.connect() as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
async def database(musicdb: DatabaseAddress) -> AsyncIterator[Database]:
    async with Database(musicdb.conninfo(), name="test") as opened:
        yield opened


async def test_answers_are_kept_byte_for_byte(musicdb: DatabaseAddress, database: Database) -> None:
    recorder, record = Recorder(database), response(q="strobe")
    recorder.add(record)
    async with running(recorder):
        await until(lambda: recorder.written == 1)
    query = (
        "SELECT id::text, request_params, body, outcome, correlation_id, fetched_at FROM raw_api_responses"
    )
    assert rows(musicdb, query) == [(record.id, {"q": "strobe"}, BODY, "ok", "trace-1", NOW)]


async def test_breaker_events_are_added_and_the_state_is_replaced(
    musicdb: DatabaseAddress, database: Database
) -> None:
    recorder = Recorder(database)
    recorder.add(BreakerStateRecord("deezer", "closed", 0, "the gateway started", NOW, None))
    recorder.add(BreakerEventRecord("deezer", "closed", "open", "5 of 5 calls failed", 1, 5, NOW))
    recorder.add(BreakerStateRecord("deezer", "open", 1, "5 of 5 calls failed", NOW, NOW))
    await recorder.flush()
    events = rows(
        musicdb, "SELECT provider, from_state, to_state, failure_count FROM raw_circuit_breaker_events"
    )
    assert events == [("deezer", "closed", "open", 5)]
    states = rows(musicdb, "SELECT provider, state, epoch, retry_at FROM circuit_breaker_state")
    assert states == [("deezer", "open", 1, NOW)]


async def test_what_a_replica_writes_late_does_not_undo_what_another_has_written_since(
    musicdb: DatabaseAddress, database: Database
) -> None:
    slow, fast = Recorder(database), Recorder(database)
    slow.add(BreakerStateRecord("deezer", "open", 1, "5 of 5 calls failed", NOW, NOW))
    later = NOW + timedelta(seconds=20)
    fast.add(BreakerStateRecord("deezer", "closed", 3, "2 probes succeeded", later, None))
    await fast.flush()
    await slow.flush()
    state = "SELECT state, epoch, since FROM circuit_breaker_state"
    assert rows(musicdb, state) == [("closed", 3, later)]
    started = later + timedelta(hours=1)  # by itself, without Redis: epochs begin anew
    slow.add(BreakerStateRecord("deezer", "closed", 0, "the gateway started", started, None))
    await slow.flush()
    assert rows(musicdb, state) == [("closed", 0, started)]


async def test_a_thousand_records_arrive_in_order(musicdb: DatabaseAddress, database: Database) -> None:
    recorder = Recorder(database)
    for number in range(1_000):
        recorder.add(BreakerEventRecord("deezer", "closed", "open", str(number), number, 0, NOW))
    await recorder.flush()
    reasons = rows(musicdb, "SELECT reason FROM raw_circuit_breaker_events ORDER BY id")
    assert [int(reason) for (reason,) in reasons] == list(range(1_000))


async def test_a_record_that_cannot_be_stored_does_not_hold_up_the_others(
    musicdb: DatabaseAddress, database: Database
) -> None:
    recorder = Recorder(database)
    for number in range(5):
        recorder.add(response(q="a text with \x00 in it" if number == 2 else "fine"))
    await recorder.flush()
    assert (recorder.written, recorder.refused, recorder.waiting) == (4, 1, 0)
    assert rows(musicdb, "SELECT count(*) FROM raw_api_responses") == [(4,)]


async def test_with_the_database_away_adding_goes_on_and_the_problem_is_named() -> None:
    away = {"host": "127.0.0.1", "port": free_port(), "dbname": "musicdb", "user": "nobody"}
    async with Database(away, name="test") as database:
        recorder = Recorder(database, capacity=10)
        async with running(recorder):
            for _ in range(15):
                recorder.add(response())
            await until(lambda: recorder.problem != "")
        assert recorder.waiting == 10
        assert recorder.dropped == 5
        assert recorder.problem == (
            "the database did not take records: PoolTimeout; 5 records were lost because the queue is full"
        )


async def test_records_wait_for_a_missing_table_and_are_written_once_it_is_there(
    musicdb: DatabaseAddress, database: Database
) -> None:
    with musicdb.connect(autocommit=True) as connection:
        connection.execute("ALTER TABLE raw_api_responses RENAME TO away")
        recorder = Recorder(database)
        recorder.add(response())
        async with running(recorder):
            await until(lambda: "UndefinedTable" in recorder.problem)
            connection.execute("ALTER TABLE away RENAME TO raw_api_responses")
            await until(lambda: recorder.written == 1)
            assert recorder.problem == ""
    assert rows(musicdb, "SELECT count(*) FROM raw_api_responses") == [(1,)]


async def test_the_queue_is_bounded_in_bytes_too_and_breaker_events_still_fit(
    musicdb: DatabaseAddress, database: Database
) -> None:
    recorder = Recorder(database, largest_size=100)
    for _ in range(3):
        recorder.add(response(body=bytes(40)))
    recorder.add(BreakerEventRecord("deezer", "closed", "open", "5 of 5 calls failed", 1, 5, NOW))
    assert (recorder.waiting, recorder.dropped) == (3, 1)
    await recorder.flush()
    recorder.add(response(body=bytes(100)))
    assert (recorder.waiting, recorder.dropped) == (1, 1)
    await recorder.flush()
    assert rows(musicdb, "SELECT count(*) FROM raw_api_responses") == [(3,)]
