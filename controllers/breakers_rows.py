"""A provider as a line of the table: states as marks, figures as words. Nothing known is a dash, never 0."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from backend.contracts.providers import (
    BreakerControl,
    BreakerState,
    BreakerStatus,
    ControlStatus,
    GateState,
    ProviderStatus,
    RateGateStatus,
    TrafficStatus,
)
from controllers.breakers_conditions import MARKS, Condition, condition_of, severity
from controllers.marks import Mark, of_gate
from controllers.wording import count, local_time, rough, share

NONE = "—"


class Column(IntEnum):
    """Columns of the table, from left to right."""

    PROVIDER = 0
    STATE = 1
    RATES = 2
    FAILING = 3
    CALLS = 4
    P95 = 5
    BUDGET = 6
    GATE = 7
    CACHE = 8


TITLES = (
    "Provider",
    "State",
    "Failure rate, 15 min",
    "Failing",
    "Calls/min",
    "p95",
    "Budget left",
    "Rate gate",
    "Cache hits",
)

SHORT_TITLES = {Column.RATES: "15 min"}
"""Titles where there is little room."""

Spark = tuple[float | None, ...]
"""Failure rates from 0 to 1, oldest first; none for a slice without calls."""


@dataclass(frozen=True)
class ProviderRow:
    """One line."""

    name: str
    condition: Condition
    note: str
    gate: Mark | None
    cells: tuple[str, ...]
    """What each column shows, as text."""
    keys: tuple[float | str, ...]
    """What each column is sorted by: as exact as its text, so that a cell changes when its text does."""
    spark: Spark = ()

    @property
    def mark(self) -> Mark:
        """Shape, word and colour of the state."""
        return MARKS[self.condition]

    @property
    def spoken(self) -> str:
        """The line as a screen reader says it."""
        texts = zip(TITLES, self.cells, strict=True)
        return f"{self.name}, " + ", ".join(f"{title} {text}" for title, text in list(texts)[1:])


def provider_row(name: str, status: ProviderStatus, now: datetime, spark: Spark = ()) -> ProviderRow:
    """The line of a provider whose state is known; `now` by the gateway's clock."""
    condition = condition_of(status.circuit_breaker)
    traffic, gate = status.traffic, status.rate_gate
    note = condition_note(status, now)
    word = MARKS[condition].word.capitalize()
    asked = traffic.cache_hits + traffic.cache_misses
    cells = (
        name,
        f"{word}, {note}" if note else word,
        _spark_words(spark),
        failing_share(traffic),
        count(round(traffic.calls * 60 / traffic.window_seconds)),
        milliseconds(traffic.p95_ms),
        budget(gate),
        gate_words(gate, now),
        share(traffic.cache_hits, asked) if asked else NONE,
    )
    keys: tuple[float | str, ...] = (
        name,
        severity(condition),
        spark[-1] if spark and spark[-1] is not None else -1.0,
        round(failed(traffic) / traffic.calls, 3) if traffic.calls else -1.0,
        float(round(traffic.calls * 60 / traffic.window_seconds)),
        float(round(traffic.p95_ms)) if traffic.p95_ms is not None else -1.0,
        gate.remaining / gate.limit if gate.remaining is not None else -1.0,
        float(list(GateState).index(gate.state)),
        round(traffic.cache_hits / asked, 3) if asked else -1.0,
    )
    return ProviderRow(name, condition, note, of_gate(gate.state), cells, keys, spark)


def unknown_row(name: str) -> ProviderRow:
    """The line of a provider of which nothing is known any more."""
    cells = (name, "Unknown", *(NONE for _ in list(Column)[2:]))
    keys: tuple[float | str, ...] = (name, severity(Condition.UNKNOWN), *(-1.0 for _ in list(Column)[2:]))
    return ProviderRow(name, Condition.UNKNOWN, "", None, cells, keys)


def condition_note(status: ProviderStatus, now: datetime) -> str:
    """What stands behind the state: the probe under way, when the next one is, who forced it and how long."""
    breaker = status.circuit_breaker
    match condition_of(breaker):
        case Condition.FORCED_OPEN | Condition.DISABLED | Condition.SHADOW:
            would = ", would be open" if _would_be_open(breaker) else ""
            return f"{controlled_by(breaker.control, now)}{would}"
        case Condition.HALF_OPEN:
            return f"probe {breaker.probes} of {breaker.probes_allowed}"
        case Condition.OPEN:
            return countdown(breaker.retry_at, now)
        case Condition.QUARANTINED:
            return "this replica only"
        case _:
            return "no credentials" if status.missing_credentials else ""


def controlled_by(control: ControlStatus, now: datetime) -> str:
    """`by deploy@ws, 2 h`: who forced it, and for how much longer."""
    if control.until is None:
        return f"by {control.author}"
    left = max(0.0, (control.until - now).total_seconds())
    return f"by {control.author}, {rough(left)}"


def countdown(retry_at: datetime | None, now: datetime) -> str:
    """`probe in 12 s`."""
    if retry_at is None:
        return ""
    left = (retry_at - now).total_seconds()
    return f"probe in {rough(left)}" if left > 0 else "probe due now"


def failed(traffic: TrafficStatus) -> int:
    """Calls of the last minute that count as failures of the provider."""
    return traffic.outcomes.get("failure", 0) + traffic.outcomes.get("contract", 0)


def failing_share(traffic: TrafficStatus) -> str:
    """Failed calls of the last minute as `22.0 %`; a dash when there was no call."""
    return share(failed(traffic), traffic.calls) if traffic.calls else NONE


def milliseconds(value: float | None) -> str:
    """`64 ms` or `3.4 s`."""
    if value is None:
        return NONE
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"


def budget(gate: RateGateStatus) -> str:
    """`48 / 50 in 5 s`: the calls that could be made at once, of those allowed."""
    left = NONE if gate.remaining is None else count(gate.remaining)
    return f"{left} / {count(gate.limit)} in {rough(gate.window_seconds)}"


def gate_words(gate: RateGateStatus, now: datetime) -> str:
    """`Flowing`, `Cooling until 14:43:10` or `Quota until 06:00`."""
    word = of_gate(gate.state).word.capitalize()
    if gate.until is None or gate.state is GateState.FLOWING:
        return word
    return f"{word} until {moment(gate.until, now)}"


def moment(time: datetime, now: datetime) -> str:
    """A time near `now`, no more exact than it has to be: `14:43:10`, `16:20` or `Tue 06:00`."""
    if abs(time - now) < timedelta(minutes=15):
        return local_time(time)
    same_day = time.astimezone().date() == now.astimezone().date()
    return local_time(time, "%H:%M" if same_day else "%a %H:%M")


def _would_be_open(breaker: BreakerStatus) -> bool:
    return breaker.control.control is BreakerControl.SHADOW and breaker.state is BreakerState.OPEN


def _spark_words(spark: Spark) -> str:
    known = [rate for rate in spark if rate is not None]
    return f"highest {100 * max(known):.0f} %" if known else NONE
