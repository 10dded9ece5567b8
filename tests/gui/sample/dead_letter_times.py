"""When the sample's letters failed, and of what: rows, causes, strip and trend are all counted from here."""

from datetime import datetime, timedelta

HOUR = 3600.0
OUTAGE = (timedelta(minutes=35), timedelta(minutes=22))
"""Before now: when the breaker of discogs opened, and when it closed."""
CAUSES = (
    ("c503", "503 from discogs", "discogs", "NoProviderAnswered", "discogs answered with HTTP 503"),
    ("cmatch", "No match above 0.72", "musicbrainz", "NoMatch", "No match above 0.72"),
    ("cempty", "Invalid payload: empty artist_name", None, "InvalidRequest", "artist_name is empty"),
)


def _spread(number: int, first: float, last: float) -> list[float]:
    """`number` ages in seconds, spread from `first` to `last` minutes."""
    step = (last - first) / max(1, number - 1)
    return [60 * (first + place * step) for place in range(number)]


def _failures() -> list[tuple[float, str]]:
    ages = {
        "c503": [*_spread(4, 0.5, 19), *_spread(193, 22.05, 34.95), *_spread(4, 36, 41)],
        "cmatch": _spread(8, 3, 38),
        "cempty": _spread(5, 5, 22),
    }
    return sorted((age, cause) for cause, each in ages.items() for age in each)


FAILURES = _failures()
"""Age in seconds and cause of one round of letters, newest first; with more letters there is one an hour."""
ROUND = len(FAILURES)


class SampleTimes:
    """`letters` letters, the newest round last hour's."""

    def __init__(self, letters: int) -> None:
        self.letters = letters

    def places(self, cause: str | None) -> list[int]:
        """Of one round: the places of a cause's letters, or of all."""
        return [place for place, failure in enumerate(FAILURES) if cause in {None, failure[1]}]

    def number(self, cause: str | None) -> int:
        """How many letters a cause has."""
        rounds, rest = divmod(self.letters, ROUND)
        places = self.places(cause)
        return rounds * len(places) + sum(place < rest for place in places)

    def place(self, number: int, cause: str | None) -> int:
        """Among all letters: the place of a cause's letter `number`."""
        places = self.places(cause)
        return number // len(places) * ROUND + places[number % len(places)]

    @staticmethod
    def failure(place: int) -> tuple[timedelta, str]:
        """Age and cause of the letter at a place."""
        age, cause = FAILURES[place % ROUND]
        return timedelta(seconds=age + place // ROUND * HOUR), cause

    def within(
        self, now: datetime, begin: datetime, end: datetime, parts: int, cause: str | None
    ) -> list[int]:
        """How many failed in each of `parts` equal parts of a time."""
        counts = [0] * parts
        first, last = (now - end).total_seconds(), (now - begin).total_seconds()
        rounds = min(self.letters // ROUND, int(last // HOUR)) + 1
        for turn in range(rounds):
            for place, (age, of) in enumerate(FAILURES):
                at = age + turn * HOUR
                if turn * ROUND + place < self.letters and first <= at < last and cause in {None, of}:
                    counts[parts - 1 - int((at - first) / (last - first) * parts)] += 1
        return counts
