"""The decisions of a circuit breaker, on the state that replicas share. Pure: no clock, no I/O.

`breaker.lua` takes the same decisions inside Redis, and a test holds the two together.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from backend.contracts.control import ControlAction
from backend.contracts.providers import BreakerControl, BreakerState
from backend.services.api_gateway.breakers.model import BreakerSettings, Override, Transition, Verdict
from backend.services.api_gateway.breakers.window import Totals

HEALTHY_SECONDS = 60.0
_LARGEST_EXPONENT = 10
_AUTOMATIC = Override()
_WATCHING = {BreakerControl.AUTOMATIC, BreakerControl.SHADOW}


@dataclass(slots=True)
class Record:
    """The state of one breaker."""

    state: BreakerState = BreakerState.CLOSED
    epoch: int = 0
    since: float = 0.0
    reason: str = ""
    retry_at: float | None = None
    exponent: int = 0
    opened: int = 0
    issued: int = 0
    """Leases given so far."""
    leases: dict[str, float] = field(default_factory=dict)
    """Probes under way, and when each is given up."""
    successes: int = 0
    failures: int = 0
    """Results of probes in this half-open state."""
    override: Override = _AUTOMATIC

    @property
    def watching(self) -> bool:
        """Whether results count."""
        return self.override.control in _WATCHING

    @property
    def refuses(self) -> bool:
        """Whether calls are refused, all of them or all but probes."""
        return self.state is not BreakerState.CLOSED and self.override.control is not BreakerControl.SHADOW

    def has_free_probe(self, settings: BreakerSettings) -> bool:
        """Whether one more probe may be let through, when half-open."""
        under_way = len(self.leases)
        used = under_way + self.successes + self.failures
        return used < settings.probes and under_way < settings.probes_at_once


class Machine:
    """Takes decisions on `record`; every change of it is told to `on_change`."""

    __slots__ = ("_draw", "_endpoint", "_on_change", "_settings", "record")

    def __init__(
        self,
        endpoint: str,
        settings: BreakerSettings,
        record: Record,
        on_change: Callable[[Transition], None],
        draw: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self.record = record
        self._on_change = on_change
        self._draw = draw

    def settle(self, now: float) -> None:
        """Let end what has run out: an operator's override, leases of probes."""
        record = self.record
        until = record.override.until
        if until is not None and now >= until:
            self._end_override(now)
        for lease in [lease for lease, ends in record.leases.items() if now >= ends]:
            self.take_probe(lease, Verdict.FAILURE, now)

    def judge(self, totals: Totals, unreachable: int, slow_seconds: float, now: float) -> None:
        """Open if the window's `totals`, or `unreachable` calls in a row, say so."""
        record = self.record
        if record.state is not BreakerState.CLOSED or not record.watching:
            return
        if reason := reason_to_open(self._settings, totals, unreachable, slow_seconds):
            self._open(reason, totals.failures, now)

    def lease(self, now: float) -> str | None:
        """Leave for one probe; none when it is not time yet, or all probes are given out."""
        self.settle(now)
        record, settings = self.record, self._settings
        if record.state is BreakerState.OPEN and record.retry_at is not None and now >= record.retry_at:
            self._change(BreakerState.HALF_OPEN, "waiting time is over, probing", now)
        if record.state is not BreakerState.HALF_OPEN or not record.has_free_probe(settings):
            return None
        record.issued += 1
        lease = f"{record.epoch}.{record.issued}"
        record.leases[lease] = now + settings.lease_seconds
        return lease

    def take_probe(self, lease: str, verdict: Verdict, now: float) -> None:
        """Take a probe's result. A neutral one only gives its permit back; an unknown lease says nothing."""
        record, settings = self.record, self._settings
        if record.leases.pop(lease, None) is None or verdict is Verdict.NEUTRAL:
            return
        if verdict is Verdict.SUCCESS:
            record.successes += 1
        else:
            record.failures += 1
        if record.successes >= settings.probes_to_close:
            self._change(BreakerState.CLOSED, f"{record.successes} probes succeeded", now)
        elif record.failures >= settings.probes_to_reopen:
            self._open(f"{record.failures} probes failed", record.failures, now)

    def control(self, action: ControlAction, override: Override, failures: int, now: float) -> bool:
        """Do what an operator asks; whether it changed anything (only an open breaker can be probed)."""
        record, words = self.record, f"{override.author}: {override.reason}"
        match action:
            case ControlAction.FORCE_OPEN:
                record.override = replace(override, control=BreakerControl.FORCED_OPEN)
                self._change(BreakerState.OPEN, f"forced open by {words}", now, failures=failures)
            case ControlAction.DISABLE:
                record.override = replace(override, control=BreakerControl.DISABLED)
                self._change(BreakerState.CLOSED, f"disabled by {words}", now, failures=failures)
            case ControlAction.SHADOW:
                state = record.state if record.watching else BreakerState.CLOSED
                record.override = replace(override, control=BreakerControl.SHADOW)
                self._change(state, f"shadowed by {words}", now, record.retry_at, failures)
            case ControlAction.CLOSE:
                record.override = replace(override, until=None)
                record.exponent = 0
                self._change(BreakerState.CLOSED, f"closed by {words}", now, failures=failures)
            case ControlAction.PROBE:
                if record.state is not BreakerState.OPEN or not record.watching:
                    return False
                self._change(BreakerState.HALF_OPEN, f"probing, asked by {words}", now)
        return True

    def _end_override(self, now: float) -> None:
        record = self.record
        ended, retry_at = record.override.control, record.retry_at
        record.override = Override(since=now)
        match ended:
            case BreakerControl.FORCED_OPEN:
                self._change(BreakerState.HALF_OPEN, "no longer forced open, probing", now)
            case BreakerControl.DISABLED:
                self._change(BreakerState.CLOSED, "no longer disabled", now)
            case BreakerControl.SHADOW:
                self._change(record.state, "no longer in shadow", now, retry_at)

    def _open(self, reason: str, failures: int, now: float) -> None:
        settings, record = self._settings, self.record
        if record.state is BreakerState.CLOSED:  # forgiving by one step per healthy minute, not all at once
            record.exponent = max(0, record.exponent - int((now - record.since) // HEALTHY_SECONDS))
        seconds = min(settings.open_seconds * 2**record.exponent, settings.open_seconds_cap)
        seconds *= 1 + settings.jitter * (2 * self._draw() - 1)
        record.exponent = min(record.exponent + 1, _LARGEST_EXPONENT)
        record.opened += 1
        self._change(BreakerState.OPEN, reason, now, now + seconds, failures)

    def _change(
        self, state: BreakerState, reason: str, now: float, retry_at: float | None = None, failures: int = 0
    ) -> None:
        record = self.record
        before, record.state = record.state, state
        record.epoch += 1
        record.since, record.reason, record.retry_at = now, reason, retry_at
        record.leases, record.successes, record.failures = {}, 0, 0
        retry_in = None if retry_at is None else max(0.0, retry_at - now)
        self._on_change(Transition(self._endpoint, before, state, reason, record.epoch, failures, retry_in))


def reason_to_open(settings: BreakerSettings, totals: Totals, unreachable: int, slow_seconds: float) -> str:
    """Why a closed breaker opens, in words; empty when it does not."""
    if unreachable >= settings.unreachable_in_a_row:
        return f"could not be reached {unreachable} times in a row"
    if settings.connect_only or totals.calls < settings.minimum_calls:
        return ""
    if totals.failures / totals.calls >= settings.failure_rate:
        return f"{totals.failures} of {totals.calls} calls failed within a minute"
    if totals.slow / totals.calls >= settings.slow_rate:
        return f"{totals.slow} of {totals.calls} calls took over {slow_seconds:.1f} s"
    return ""
