"""Where controllers get the time from, so that tests and pictures can stop it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment, aware of its zone."""
    return datetime.now(UTC)
