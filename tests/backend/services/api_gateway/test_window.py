"""The sliding window against counting by hand."""

from hypothesis import given
from hypothesis import strategies as st

from backend.services.api_gateway.breakers.window import SlidingWindow

WIDTH, BUCKETS = 6.0, 10

steps = st.lists(st.tuples(st.floats(0, 40), st.booleans(), st.booleans()), max_size=60)


@given(steps)
def test_totals_equal_a_recount_of_the_buckets_still_in_the_window(
    steps: list[tuple[float, bool, bool]],
) -> None:
    window, now, seen = SlidingWindow(WIDTH * BUCKETS, BUCKETS), 0.0, []
    for pause, failed, slow in steps:
        now += pause
        window.add(now, failed=failed, slow=slow)
        seen.append((int(now / WIDTH), failed, slow))
        current = [entry for entry in seen if entry[0] > int(now / WIDTH) - BUCKETS]
        totals = window.totals(now)
        assert totals.calls == len(current)
        assert totals.failures == sum(failed for _, failed, _ in current)
        assert totals.slow == sum(slow for _, _, slow in current)


def test_everything_leaves_the_window_in_the_end() -> None:
    window = SlidingWindow(60, 10)
    for second in range(30):
        window.add(float(second), failed=True, slow=False)
    assert window.totals(30.0).failures == 30
    assert window.totals(120.0).calls == 0
