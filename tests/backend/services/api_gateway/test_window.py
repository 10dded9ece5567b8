"""The sliding window and the line of slow calls, against counting by hand."""

from hypothesis import given
from hypothesis import strategies as st

from backend.services.api_gateway.breakers.latency import SlowLine
from backend.services.api_gateway.breakers.window import SlidingWindow, Totals

WIDTH, BUCKETS = 6.0, 10

steps = st.lists(st.tuples(st.floats(0, 40), st.booleans(), st.booleans()), max_size=60)


def add(window: SlidingWindow, now: float, *, failed: bool, slow: bool) -> None:
    """As the breaker counts."""
    if now >= window.ends:
        window.advance(now)
    window.calls += 1
    window.failures += failed
    window.slow += slow


@given(steps)
def test_totals_equal_a_recount_of_the_buckets_still_in_the_window(
    steps: list[tuple[float, bool, bool]],
) -> None:
    window, now, seen = SlidingWindow(WIDTH * BUCKETS, BUCKETS, 5, 0.0), 0.0, []
    for pause, failed, slow in steps:
        now += pause
        add(window, now, failed=failed, slow=slow)
        seen.append((int(now / WIDTH), failed, slow))
        current = [entry for entry in seen if entry[0] > int(now / WIDTH) - BUCKETS]
        assert (window.due - window.calls) == 5 - len(current)
        assert window.totals(now) == Totals(
            len(current), sum(failed for _, failed, _ in current), sum(slow for _, _, slow in current)
        )


def test_everything_leaves_the_window_in_the_end() -> None:
    window = SlidingWindow(60, 10, 5, 0.0)
    for second in range(30):
        add(window, float(second), failed=True, slow=False)
    assert window.totals(30.0).failures == 30
    assert window.totals(120.0).calls == 0


def test_slow_is_four_times_the_usual_and_never_below_the_floor() -> None:
    line = SlowLine(floor=3.0, factor=4.0)
    assert line.seconds == 3.0
    for seconds, expected in ((0.2, 3.0), (2.0, 8.0), (2.0, 8.0)):
        for _ in range(10):
            line.note(seconds)
        line.end_bucket()
        assert line.seconds == expected
    line.end_bucket()  # a bucket without calls says nothing
    assert line.seconds == 8.0


def test_a_provider_that_becomes_slow_does_not_make_slow_the_usual_within_a_window() -> None:
    line = SlowLine(floor=3.0, factor=4.0)
    for bucket in range(50 + BUCKETS):
        for _ in range(100):
            line.note(0.2 if bucket < 50 else 9.0)
        line.end_bucket()
    assert line.seconds == 3.0
