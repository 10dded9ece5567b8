"""The traffic of the last minute: what counts, for how long, and at what cost in memory."""

from datetime import UTC, datetime

from backend.contracts.gateway import Outcome
from backend.contracts.providers import LastError
from backend.services.api_gateway.traffic import Traffic


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_what_happened_within_a_minute_is_added_up() -> None:
    traffic = Traffic(Clock())
    for outcome, count in ((Outcome.OK, 6), (Outcome.FAILURE, 3), (Outcome.NOT_FOUND, 1)):
        for _ in range(count):
            traffic.called(outcome, 10)
    traffic.answered_from_cache()
    traffic.answered_from_cache()
    traffic.answered()
    traffic.rejected()
    status = traffic.status()
    assert (status.calls, status.outcomes) == (10, {"ok": 6, "failure": 3, "not_found": 1})
    assert (status.rejected, status.cache_hits, status.cache_misses) == (1, 2, 1)


def test_what_is_older_than_a_minute_is_gone_but_the_last_error() -> None:
    clock = Clock()
    traffic = Traffic(clock)
    traffic.called(Outcome.FAILURE, 700)
    traffic.erred(LastError(outcome="failure", detail="x", at=datetime.now(UTC), endpoint="search"))
    clock.now += 54
    traffic.called(Outcome.OK, 20)
    assert traffic.status().calls == 2
    clock.now += 7
    status = traffic.status()
    assert (status.calls, status.outcomes, status.p99_ms) == (1, {"ok": 1}, 20)
    assert status.last_error is not None
    clock.now += 3_600
    assert (traffic.status().calls, traffic.status().p50_ms) == (0, None)


def test_percentiles_are_measured_values() -> None:
    traffic = Traffic(Clock())
    for milliseconds in range(1, 101):
        traffic.called(Outcome.OK, float(milliseconds))
    status = traffic.status()
    assert (status.p50_ms, status.p95_ms, status.p99_ms) == (50, 95, 99)
    single = Traffic(Clock())
    single.called(Outcome.OK, 3.5)
    assert (single.status().p50_ms, single.status().p99_ms) == (3.5, 3.5)


def test_a_flood_is_counted_whole_and_remembers_only_its_newest_times() -> None:
    traffic = Traffic(Clock())
    for number in range(50_000):
        traffic.called(Outcome.OK, float(number))
    status = traffic.status()
    assert status.calls == 50_000
    assert status.p50_ms is not None
    assert status.p50_ms > 48_000
