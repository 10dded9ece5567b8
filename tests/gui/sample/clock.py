"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

MOMENT = datetime(2026, 11, 23, 14, 42, 9, tzinfo=UTC)


class StoppedClock:
    def __init__(self, moment: datetime = MOMENT) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
