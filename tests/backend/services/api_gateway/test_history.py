"""Histories read from Bronze equal what was done."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest

from backend.contracts.providers import BreakerState, BreakerStatus
from backend.database.address import DatabaseAddress
from backend.services.api_gateway.history import SLICE_SECONDS, History
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.records import BreakerEventRecord, ResponseRecord
from backend.services.common.database import Database

NAMES = ("deezer", "spotify")
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


@pytest.fixture
async def database(musicdb: DatabaseAddress) -> AsyncIterator[Database]:
    async with Database(musicdb.conninfo(), name="test") as opened:
        yield opened


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def call(provider: str, outcome: str, at: datetime) -> ResponseRecord:
    return ResponseRecord(str(uuid4()), provider, "search", {}, 200, {}, b"{}", outcome, 1.0, None, at)


def change(before: BreakerState, after: BreakerState, at: datetime, reason: str = "") -> BreakerEventRecord:
    return BreakerEventRecord("deezer", before, after, reason, 1, 0, at, "search")


def breaker(state: BreakerState, since: datetime, reason: str = "") -> BreakerStatus:
    return BreakerStatus(
        endpoint="search",
        state=state,
        since=since,
        epoch=1,
        calls_in_window=0,
        failures_in_window=0,
        failure_rate=None,
        minimum_calls=5,
        reason=reason,
    )


async def keep(database: Database, *records: ResponseRecord | BreakerEventRecord) -> None:
    recorder = Recorder(database)
    for record in records:
        recorder.add(record)
    await recorder.flush()
    assert recorder.written == len(records)


@pytest.mark.parametrize("minutes", SLICE_SECONDS)
async def test_every_slice_is_there_and_the_sums_are_what_was_done(database: Database, minutes: int) -> None:
    recent = ago(minutes * 0.3)
    outcomes = ["ok"] * 5 + ["failure", "contract", "throttled", "quota", "not_found", "credential"]
    calls = [
        call("deezer", outcome, recent - timedelta(microseconds=n)) for n, outcome in enumerate(outcomes)
    ]
    too_old = call("deezer", "ok", ago(minutes * 1.5))
    others = call("spotify", "failure", ago(0))
    await keep(database, *calls, too_old, others)
    found = await History(database).read({name: {} for name in NAMES}, minutes)
    points = found["deezer"].points
    assert found["deezer"].slice_seconds == SLICE_SECONDS[minutes]
    assert len(points) == minutes * 60 / SLICE_SECONDS[minutes]
    gaps = {(after.start - before.start).total_seconds() for before, after in pairwise(points)}
    assert gaps == {SLICE_SECONDS[minutes]}
    assert sum(point.calls for point in points) == 11
    assert sum(point.failures for point in points) == 2
    assert sum(point.throttled for point in points) == 2
    assert sum(point.not_found for point in points) == 1
    (busy,) = [point for point in points if point.calls]
    assert busy.start <= recent < busy.start + timedelta(seconds=SLICE_SECONDS[minutes])
    assert sum(point.failures for point in found["spotify"].points[-2:]) == 1


async def test_times_in_which_a_breaker_was_not_closed(database: Database) -> None:
    opened, probed, closed = ago(12), ago(8), ago(7)
    await keep(
        database,
        change(CLOSED, OPEN, opened, "5 of 5 calls failed"),
        change(OPEN, HALF_OPEN, probed, "probing"),
        change(HALF_OPEN, CLOSED, closed),
    )
    now = {"deezer": {"search": breaker(CLOSED, closed)}}
    intervals = (await History(database).read(now, 15))["deezer"].intervals
    assert [(one.state, one.start, one.end) for one in intervals] == [
        (OPEN, opened, probed),
        (HALF_OPEN, probed, closed),
    ]
    assert intervals[0].reason == "5 of 5 calls failed"
    assert {one.endpoint for one in intervals} == {"search"}


async def test_a_breaker_open_since_before_the_range_and_one_still_open(database: Database) -> None:
    reopened = ago(2)
    await keep(
        database,
        change(CLOSED, OPEN, ago(30)),
        change(OPEN, CLOSED, ago(10)),
        change(CLOSED, OPEN, reopened),
    )
    now = {"deezer": {"search": breaker(OPEN, reopened)}}
    history = (await History(database).read(now, 15))["deezer"]
    first, last = history.intervals
    assert first.start == history.points[0].start
    assert (last.start, last.end) == (reopened, None)


async def test_an_open_breaker_without_any_event_in_the_range_is_open_all_along(database: Database) -> None:
    now = {"deezer": {"search": breaker(OPEN, ago(300), "forced by ada")}}
    history = (await History(database).read(now, 15))["deezer"]
    (interval,) = history.intervals
    assert (interval.start, interval.end, interval.reason) == (history.points[0].start, None, "forced by ada")


async def test_a_restart_of_the_gateway_ends_what_it_left_open(database: Database) -> None:
    restarted = ago(1)
    await keep(database, change(CLOSED, OPEN, ago(5)))
    now = {"deezer": {"search": breaker(CLOSED, restarted)}}
    (interval,) = (await History(database).read(now, 15))["deezer"].intervals
    assert interval.end == restarted


async def test_a_breaker_at_rest_since_the_start_is_not_open_for_ever(database: Database) -> None:
    await keep(database, change(CLOSED, OPEN, ago(5)))
    before = datetime.now(UTC)
    (interval,) = (await History(database).read({"deezer": {}}, 15))["deezer"].intervals
    assert interval.end is not None
    assert interval.end >= before


async def test_the_calls_are_read_from_an_index(musicdb: DatabaseAddress) -> None:
    with musicdb.connect() as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            """EXPLAIN SELECT provider, count(*) FILTER (WHERE outcome = 'failure') FROM raw_api_responses
               WHERE provider = ANY('{deezer,spotify}') AND fetched_at > now() - interval '1 hour'
               GROUP BY provider"""
        ).fetchall()
    assert any("raw_api_responses_provider" in line for (line,) in plan)
