from datetime import UTC, datetime, timedelta

import pytest

from controllers import wording

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (38.9, "0:38"), (519, "8:39"), (3723, "1:02:03")]
)
def test_clock(seconds: float, expected: str) -> None:
    assert wording.clock(seconds) == expected


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((120, 180), "2–3 min"),
        ((5, 10), "5–10 s"),
        ((30, 120), "30 s–2 min"),
        ((120, 120), "2 min"),
        ((0, 0), "1 s"),
    ],
)
def test_estimate(bounds: tuple[float, float], expected: str) -> None:
    assert wording.estimate(bounds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(2, "just now"), (12, "12 s ago"), (75, "1 min ago"), (26 * 3600, "26 h ago"), (50 * 3600, "2 d ago")],
)
def test_ago(seconds: int, expected: str) -> None:
    assert wording.ago(NOW - timedelta(seconds=seconds), NOW) == expected


def test_ago_of_the_future_is_now() -> None:
    """Clocks of two machines differ by a little."""
    assert wording.ago(NOW + timedelta(seconds=3), NOW) == "just now"


@pytest.mark.parametrize(
    ("number", "expected"), [(999, "999 B"), (1200, "1.2 kB"), (1_240_000_000, "1.2 GB")]
)
def test_size(number: int, expected: str) -> None:
    assert wording.size(number) == expected


def test_count_groups_thousands() -> None:
    assert wording.count(18204) == "18\N{NARROW NO-BREAK SPACE}204"


def test_share_of_nothing_is_a_dash() -> None:
    assert wording.share(0, 0) == "–"
    assert wording.share(947, 1000) == "94.7 %"


def test_sentence() -> None:
    assert wording.sentence("it failed") == "It failed."
    assert wording.sentence("dlq-manager failed") == "dlq-manager failed."
    assert wording.sentence("") == ""
    assert wording.sentence("Why?") == "Why?"


def test_parts_are_joined_each_once() -> None:
    assert wording.joined("no match", None, "1 candidate", "", "no match") == "no match · 1 candidate"
