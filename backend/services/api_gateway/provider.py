"""One provider as the gateway offers it: search and look-up, answered from the cache when possible."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.contracts.gateway import CacheStatus, Outcome, SearchRequest, SearchResponse, TrackResponse
from backend.contracts.providers import BreakerState, BreakerStatus, GateState, ProviderStatus, RateGateStatus
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.cache.answers import DAY, Cache, CachedAnswer, Key, entry_for
from backend.services.api_gateway.cache.single_flight import SingleFlight
from backend.services.api_gateway.caller import Caller
from backend.services.api_gateway.gate.rate_gate import RateGate
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.providers.adapter import Adapter, Call, ProviderRequest, Reply

SEARCH_SECONDS = 7 * DAY
TRACK_SECONDS = 30 * DAY

Ask = Callable[[Call], Awaitable[Reply]]


@dataclass
class _Counts:
    hits: int = 0
    misses: int = 0
    errors: int = 0


@dataclass(frozen=True)
class _Answer:
    reply: Reply
    cached: bool = False


class Provider:
    """Search and look-up of one provider, and its state."""

    def __init__(
        self,
        adapter: Adapter,
        mode: str,
        caller: Caller,
        breaker: Breaker,
        gate: RateGate,
        cache: Cache,
        metrics: GatewayMetrics,
        clock: Callable[[], float],
    ) -> None:
        self.name = adapter.name
        self._adapter = adapter
        self._mode = mode
        self._caller = caller
        self._breaker = breaker
        self._gate = gate
        self._cache = cache
        self._metrics = metrics
        self._clock = clock
        self._flight: SingleFlight[Reply] = SingleFlight()
        self._counts = _Counts()

    async def search(self, query: SearchRequest, correlation_id: str | None) -> SearchResponse:
        """Candidates for a track: `success` with hits, `partial` without any, else why not."""
        words = (_normal(query.artist_name), _normal(query.track_title), _normal(query.isrc or ""))
        key = self._key("search", *words, str(query.limit))
        answer = await self._answer(
            key, SEARCH_SECONDS, lambda call: self._adapter.search(query, call), correlation_id
        )
        reply = answer.reply
        return SearchResponse(
            status=self._status(reply.outcome, nothing="partial"),
            provider=self.name,
            query=query.model_dump(),
            outcome=reply.outcome,
            results=list(reply.candidates)[: query.limit],
            cached=answer.cached,
            response_id=reply.response_id,
            retry_at=reply.retry_at,
            detail=reply.detail,
        )

    async def track(self, track_id: str, correlation_id: str | None) -> TrackResponse:
        """One track by the provider's identifier: `success`, `not_found`, else why not."""
        answer = await self._answer(
            self._key("track", track_id),
            TRACK_SECONDS,
            lambda call: self._adapter.track(track_id, call),
            correlation_id,
        )
        reply = answer.reply
        return TrackResponse(
            status=self._status(reply.outcome, nothing="not_found"),
            provider=self.name,
            track_id=track_id,
            outcome=reply.outcome,
            data=next(iter(reply.candidates), None),
            cached=answer.cached,
            response_id=reply.response_id,
            retry_at=reply.retry_at,
            detail=reply.detail,
        )

    def reset(self, reason: str) -> None:
        """Close the breaker by hand, and try refused credentials again."""
        self._gate.unblock()
        self._breaker.reset(reason)

    def status(self) -> ProviderStatus:
        """The provider as `/health` shows it."""
        return ProviderStatus(
            status=self._condition(),
            mode=self._mode,
            circuit_breaker=self.breaker_status(),
            rate_gate=self._gate_status(),
            cache_hits=self._counts.hits,
            cache_misses=self._counts.misses,
        )

    def breaker_status(self) -> BreakerStatus:
        """The circuit breaker."""
        calls, failures = self._breaker.counts()
        now, minimum = datetime.now(UTC), self._breaker.minimum_calls
        retry_in = self._breaker.retry_in
        return BreakerStatus(
            state=self._breaker.state,
            since=now - timedelta(seconds=self._breaker.seconds_in_state),
            epoch=self._breaker.epoch,
            calls_in_window=calls,
            failures_in_window=failures,
            failure_rate=failures / calls if calls >= minimum else None,
            minimum_calls=minimum,
            reason=self._breaker.reason,
            retry_at=None if retry_in is None else now + timedelta(seconds=retry_in),
            opened_total=self._breaker.opened_total,
        )

    def cache_status(self) -> CacheStatus:
        """This provider's share of the cache."""
        counts = self._counts
        asked = counts.hits + counts.misses
        return CacheStatus(
            hits=counts.hits,
            misses=counts.misses,
            errors=counts.errors,
            hit_ratio=counts.hits / asked if asked else 0.0,
            entries=self._cache.count(self.name),
        )

    async def _answer(self, key: Key, seconds: float, ask: Ask, correlation_id: str | None) -> _Answer:
        kept = self._cache.get(key)
        if kept is not None and self._clock() <= kept.fresh_until:
            self._counts.hits += 1
            self._metrics.answered_from_cache(self.name, key[1])
            return _Answer(_from_cache(kept.answer), cached=True)
        self._counts.misses += 1
        reply = await self._flight.run(key, lambda: self._fetch(key, seconds, ask, correlation_id))
        self._metrics.answered(self.name, key[1], reply.outcome)
        if kept is not None and kept.answer.candidates and _is_trouble(reply.outcome):
            detail = f"an older answer, because {reply.detail or reply.outcome}"
            return _Answer(_from_cache(kept.answer, detail), cached=True)
        return _Answer(reply)

    async def _fetch(self, key: Key, seconds: float, ask: Ask, correlation_id: str | None) -> Reply:
        if missing := self._adapter.missing_credentials:
            return Reply(Outcome.CREDENTIAL, detail=missing)

        async def call(request: ProviderRequest) -> Reply:
            return await self._caller.call(request, correlation_id)

        reply = await ask(call)
        if reply.outcome is Outcome.CREDENTIAL and self._gate.state is GateState.FLOWING:
            self._caller.block()
        if reply.outcome in {Outcome.OK, Outcome.NOT_FOUND}:
            answer = CachedAnswer(tuple(reply.candidates), reply.response_id)
            self._cache.put(key, entry_for(answer, self._clock(), seconds, self._cache.get(key)))
        else:
            self._counts.errors += 1
        return reply

    def _key(self, operation: str, *parameters: str) -> Key:
        return (self.name, operation, str(self._adapter.version), *parameters)

    def _status(self, outcome: Outcome, *, nothing: str) -> str:
        if outcome is Outcome.OK:
            return "success"
        if outcome is Outcome.NOT_FOUND:
            return nothing
        if outcome is Outcome.CREDENTIAL and self._adapter.missing_credentials:
            return "no_credentials"
        return outcome.value

    def _condition(self) -> str:
        if self._adapter.missing_credentials:
            return "no_credentials"
        if self._breaker.state is BreakerState.OPEN or self._gate.state is GateState.BLOCKED:
            return "unavailable"
        limited = self._gate.state is not GateState.FLOWING
        return "degraded" if limited or self._breaker.state is BreakerState.HALF_OPEN else "healthy"

    def _gate_status(self) -> RateGateStatus:
        seconds = self._gate.closed_for
        return RateGateStatus(
            state=self._gate.state,
            until=datetime.now(UTC) + timedelta(seconds=seconds) if seconds else None,
            limit=self._gate.limit.calls,
            window_seconds=self._gate.limit.seconds,
        )


def _normal(words: str) -> str:
    return " ".join(words.casefold().split())


def _from_cache(answer: CachedAnswer, detail: str = "") -> Reply:
    outcome = Outcome.OK if answer.candidates else Outcome.NOT_FOUND
    return Reply(outcome, answer.candidates, response_id=answer.response_id, detail=detail)


def _is_trouble(outcome: Outcome) -> bool:
    return outcome not in {Outcome.OK, Outcome.NOT_FOUND}
