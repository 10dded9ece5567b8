"""Sample providers: eight of them, in health and in several kinds of trouble."""

# ruff: noqa: ARG002 - the ports fix the arguments

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from backend.contracts.control import ControlAction, ControlAudit, ControlRequest, ControlResult
from backend.contracts.errors import OperatorError
from backend.contracts.live import (
    BreakerTransition,
    FieldUse,
    LiveProviders,
    ProviderHistory,
    ProviderImpact,
    SharedState,
)
from backend.contracts.providers import (
    HOST,
    BreakerControl,
    BreakerState,
    BreakerStatus,
    ControlStatus,
    GateState,
    LastError,
    ProviderStatus,
    RateGateStatus,
    TrafficStatus,
)
from controllers.clock import Clock
from tests.gui.sample.provider_history import history_of

# name: calls a minute, failures, p95, limit, window, left, cache hits, cache misses
_TRAFFIC: dict[str, tuple[int, int, float, int, float, int, int, int]] = {
    "spotify": (1240, 5, 64, 180, 30, 176, 2211, 41),
    "musicbrainz": (58, 1, 212, 1, 1, 1, 586, 58),
    "discogs": (27, 0, 430, 60, 60, 33, 206, 27),
    "lastfm": (290, 0, 96, 5, 1, 4, 5397, 290),
    "deezer": (410, 1, 71, 50, 5, 48, 1312, 41),
    "itunes": (18, 0, 140, 20, 60, 2, 1782, 18),
    "beatport": (12, 0, 310, 30, 60, 24, 96, 12),
    "listenbrainz": (33, 0, 180, 30, 10, 28, 304, 33),
}


def healthy(now: datetime) -> LiveProviders:
    """Every breaker closed; beatport has not been asked for anything yet."""
    found = {name: _provider(name, now) for name in _TRAFFIC}
    found["beatport"] = found["beatport"].model_copy(
        update={"traffic": TrafficStatus(), "circuit_breaker": _breaker(now, calls=0, failures=0)}
    )
    return LiveProviders(at=now, release="2026.11.23-3", providers=found, shared=_shared())


def failing(now: datetime) -> LiveProviders:
    """One half-open, one forced open, one open while its gate cools, one out of quota."""
    live = healthy(now)
    return live.model_copy(
        update={
            "providers": {
                **live.providers,
                "discogs": _half_open(now),
                "beatport": _forced_open(now),
                "lastfm": _open_and_cooling(now),
                "itunes": _out_of_quota(now),
            }
        }
    )


def many(now: datetime, number: int = 15) -> LiveProviders:
    """As many providers as asked for, each with figures of its own."""
    names = list(_TRAFFIC)
    found = {
        f"{names[place % len(names)]}{place // len(names) or ''}": _provider(names[place % len(names)], now)
        for place in range(number)
    }
    return LiveProviders(at=now, providers=found, shared=_shared())


def redis_lost(now: datetime) -> LiveProviders:
    """Healthy, but every replica for itself."""
    shared = SharedState(kind="redis", healthy=False, replica="gateway-1", detail="connection refused")
    return healthy(now).model_copy(update={"shared": shared})


class SampleProviders:
    """The providers port over one moment that tests and pictures may replace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current: Callable[[datetime], LiveProviders] = healthy
        self.error: OperatorError | None = None
        self.control_error: OperatorError | None = None
        self.requests: list[tuple[str, ControlRequest]] = []
        self.audits: dict[str, list[ControlAudit]] = {}
        self.asked: list[str] = []

    def live(self, environment: str) -> LiveProviders:
        """The moment set, or the error set."""
        self.asked.append(f"live {environment}")
        if self.error is not None:
            raise self.error
        return self.current(self._clock())

    def events(self, environment: str) -> Iterator[LiveProviders | BreakerTransition]:
        """The moment set, once; the background keeps the stream open for more."""
        self.asked.append(f"events {environment}")
        if self.error is not None:
            raise self.error
        yield self.current(self._clock())

    def histories(self, environment: str, minutes: int) -> Mapping[str, ProviderHistory]:
        """A history of every provider."""
        return {
            name: self.history(environment, name, minutes) for name in self.current(self._clock()).providers
        }

    def history(self, environment: str, provider: str, minutes: int) -> ProviderHistory:
        """Calls and failures; a hill of failures where a breaker is not closed."""
        now = self._clock()
        state = self.current(now).providers[provider].circuit_breaker
        return history_of(provider, minutes, now, state, _TRAFFIC.get(provider, _TRAFFIC["deezer"])[0])

    def impact(self, environment: str, provider: str) -> ProviderImpact:
        """What the provider feeds."""
        now = self._clock()
        closed = self.current(now).providers[provider].circuit_breaker.state is BreakerState.CLOSED
        return ProviderImpact(
            provider=provider,
            since=now - timedelta(minutes=11),
            fields=[
                FieldUse(field="label", place=1, followed_by=["musicbrainz", "beatport"]),
                FieldUse(field="release_date", place=2, followed_by=["musicbrainz"]),
                FieldUse(field="genre", place=1, followed_by=["lastfm", "musicbrainz"]),
            ],
            covered_by={provider: 0.97, "beatport": 0.03}
            if closed
            else {"musicbrainz": 0.82, "spotify": 0.1},
            tracks=0 if closed else 1312,
            dead_letters=0 if closed else 201,
        )

    def control(self, environment: str, provider: str, request: ControlRequest) -> ControlResult:
        """Carry a request out on the moment set."""
        if self.control_error is not None:
            raise self.control_error
        self.requests.append((provider, request))
        before = self.current
        changed = controlled(before(self._clock()).providers[provider], request, self._clock())
        self.current = lambda now: _with(before(now), provider, changed)
        return ControlResult(
            provider=provider,
            action=request.action,
            circuit_breaker=changed.circuit_breaker,
            endpoints=changed.endpoints,
            audit_id=7,
        )

    def audit(self, environment: str, provider: str) -> Sequence[ControlAudit]:
        """What operators did."""
        return self.audits.get(provider, [])

    def operator(self) -> str:
        """Who is at the console."""
        return "mira@desk"


def audit_entry(now: datetime, provider: str, epoch: int, minutes: float = 12) -> ControlAudit:
    """Somebody forced a provider open."""
    return ControlAudit(
        id=41,
        provider=provider,
        endpoint=None,
        action=ControlAction.FORCE_OPEN,
        author="deploy@ws",
        reason="Answers with last year's prices since noon",
        until=now + timedelta(hours=2),
        before="closed, automatic",
        epoch=epoch,
        at=now - timedelta(minutes=minutes),
    )


def controlled(status: ProviderStatus, request: ControlRequest, now: datetime) -> ProviderStatus:
    """A provider after an action."""
    forced = {
        ControlAction.FORCE_OPEN: (BreakerControl.FORCED_OPEN, BreakerState.OPEN),
        ControlAction.DISABLE: (BreakerControl.DISABLED, BreakerState.CLOSED),
        ControlAction.SHADOW: (BreakerControl.SHADOW, BreakerState.CLOSED),
        ControlAction.CLOSE: (BreakerControl.AUTOMATIC, BreakerState.CLOSED),
        ControlAction.PROBE: (BreakerControl.AUTOMATIC, BreakerState.HALF_OPEN),
    }
    control, state = forced[request.action]
    until = now + timedelta(minutes=request.minutes)
    who = (
        ControlStatus()
        if control is BreakerControl.AUTOMATIC
        else ControlStatus(
            control=control, author=request.author, reason=request.reason, since=now, until=until
        )
    )
    return _all_breakers(
        status, state=state, control=who, since=now, epoch=status.circuit_breaker.epoch + 1, retry_at=None
    )


def _with(live: LiveProviders, name: str, status: ProviderStatus) -> LiveProviders:
    return live.model_copy(update={"providers": {**live.providers, name: status}})


def _all_breakers(status: ProviderStatus, **update: object) -> ProviderStatus:
    return status.model_copy(
        update={
            "circuit_breaker": status.circuit_breaker.model_copy(update=update),
            "endpoints": {
                name: each.model_copy(update=update)
                for name, each in status.endpoints.items()
                if name != HOST
            }
            | {HOST: status.endpoints[HOST]},
        }
    )


def _shared() -> SharedState:
    return SharedState(kind="redis", healthy=True, replicas=2, replica="gateway-1")


def _breaker(now: datetime, *, calls: int, failures: int, endpoint: str = "search") -> BreakerStatus:
    return BreakerStatus(
        endpoint=endpoint,
        state=BreakerState.CLOSED,
        since=now - timedelta(hours=31),
        epoch=6,
        calls_in_window=calls,
        failures_in_window=failures,
        failure_rate=failures / calls if calls >= 15 else None,
        minimum_calls=15,
        slow_seconds=3.0,
    )


def _provider(name: str, now: datetime) -> ProviderStatus:
    calls, failures, p95, limit, window, left, hits, misses = _TRAFFIC[name]
    outcomes = {"ok": calls - failures - calls // 9, "not_found": calls // 9}
    endpoints = {
        "search": _breaker(now, calls=calls, failures=failures),
        "lookup": _breaker(now, calls=calls // 4, failures=0, endpoint="lookup"),
        HOST: _breaker(now, calls=calls, failures=0, endpoint=HOST),
    }
    return ProviderStatus(
        status="healthy",
        mode="live",
        circuit_breaker=endpoints["search"],
        endpoints=endpoints,
        rate_gate=RateGateStatus(state=GateState.FLOWING, limit=limit, window_seconds=window, remaining=left),
        traffic=TrafficStatus(
            calls=calls,
            outcomes=outcomes | ({"failure": failures} if failures else {}),
            p50_ms=p95 / 2.1,
            p95_ms=p95,
            p99_ms=p95 * 1.8,
            cache_hits=hits,
            cache_misses=misses,
        ),
    )


def _half_open(now: datetime) -> ProviderStatus:
    status = _provider("discogs", now)
    traffic = status.traffic.model_copy(
        update={
            "calls": 9,
            "outcomes": {"ok": 5, "not_found": 2, "failure": 2},
            "rejected": 61,
            "last_error": LastError(
                outcome="failure",
                detail="503 Service Unavailable",
                at=now - timedelta(seconds=48),
                endpoint="search",
                response_id="8f2a61c4-5d0e-4e2b-9b55-0c1d6f7e21aa",
            ),
        }
    )
    half = {
        "state": BreakerState.HALF_OPEN,
        "since": now - timedelta(seconds=14),
        "epoch": 9,
        "calls_in_window": 9,
        "failures_in_window": 2,
        "failure_rate": None,
        "reason": "14 × 503 and 3 × timeout of 22 calls in 60 s",
        "probes": 2,
    }
    search = status.endpoints["search"].model_copy(update=half)
    return status.model_copy(
        update={
            "status": "degraded",
            "traffic": traffic,
            "circuit_breaker": search,
            "endpoints": {**status.endpoints, "search": search},
        }
    )


def _forced_open(now: datetime) -> ProviderStatus:
    control = ControlStatus(
        control=BreakerControl.FORCED_OPEN,
        author="deploy@ws",
        reason="Answers with last year's prices since noon",
        since=now - timedelta(minutes=12),
        until=now + timedelta(hours=2),
    )
    status = _all_breakers(
        _provider("beatport", now),
        state=BreakerState.OPEN,
        control=control,
        since=now - timedelta(minutes=12),
        epoch=7,
        calls_in_window=0,
        failures_in_window=0,
        reason="forced open by deploy@ws",
    )
    gate = status.rate_gate.model_copy(update={"remaining": None})
    return status.model_copy(
        update={"status": "unavailable", "traffic": TrafficStatus(rejected=40), "rate_gate": gate}
    )


def _open_and_cooling(now: datetime) -> ProviderStatus:
    status = _all_breakers(
        _provider("lastfm", now),
        state=BreakerState.OPEN,
        since=now - timedelta(seconds=18),
        epoch=3,
        calls_in_window=22,
        failures_in_window=17,
        reason="17 of 22 calls failed in 60 s",
        retry_at=now + timedelta(seconds=12),
    )
    gate = status.rate_gate.model_copy(
        update={
            "state": GateState.COOLING,
            "until": now + timedelta(seconds=44),
            "reason": "429, Retry-After 60",
            "remaining": 0,
        }
    )
    traffic = status.traffic.model_copy(
        update={
            "calls": 22,
            "outcomes": {"ok": 2, "failure": 17, "throttled": 3},
            "p95_ms": 3400.0,
            "p99_ms": 5100.0,
        }
    )
    return status.model_copy(update={"status": "unavailable", "rate_gate": gate, "traffic": traffic})


def _out_of_quota(now: datetime) -> ProviderStatus:
    status = _provider("itunes", now)
    gate = status.rate_gate.model_copy(
        update={
            "state": GateState.QUOTA,
            "until": now + timedelta(hours=16),
            "reason": "Retry-After 57 600",
            "remaining": 0,
        }
    )
    return status.model_copy(update={"status": "degraded", "rate_gate": gate})
