"""One provider as the gateway offers it: search and look-up, answered from the cache when possible."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter

from backend.contracts.control import ControlAction, ControlRequest, TestCall
from backend.contracts.gateway import (
    CacheStatus,
    Lane,
    Outcome,
    SearchRequest,
    SearchResponse,
    TrackResponse,
)
from backend.contracts.provider_registry import lookups_are_free
from backend.contracts.providers import BreakerState, BreakerStatus, EndpointClass, GateState, ProviderStatus
from backend.services.api_gateway.breakers.board import BreakerBoard
from backend.services.api_gateway.cache.answering import Answers, Question
from backend.services.api_gateway.cache.answers import DAY, search_key, search_kind, track_key
from backend.services.api_gateway.cached_bodies import Asked, CachedBodies
from backend.services.api_gateway.caller import Caller
from backend.services.api_gateway.calls.guard import CallGuard
from backend.services.api_gateway.calls.switches import SwitchedOff
from backend.services.api_gateway.gate.rate_gate import RateGate
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.providers.adapter import Adapter, Call, ProviderRequest, Reply

SEARCH_SECONDS = 7 * DAY
TRACK_SECONDS = 30 * DAY
KNOWN_TRACK = SearchRequest(artist_name="deadmau5", track_title="Strobe", limit=1)
"""A track that every provider has; looking it up harms nobody."""
KNOWN_RELEASE = "e47d04a4-7460-427d-a731-cc82386d85f1"
"""A release by its MusicBrainz identifier, for the provider that has no search."""
_TEST_CALL = "operator-test-call"
"""Correlation id of test calls."""

Ask = Callable[[Call], Awaitable[Reply]]


class Provider:
    """Search and look-up of one provider, and its state."""

    def __init__(
        self,
        adapter: Adapter,
        mode: str,
        caller: Caller,
        breakers: BreakerBoard,
        gate: RateGate,
        guard: CallGuard,
        answers: Answers,
        metrics: GatewayMetrics,
    ) -> None:
        self.name = adapter.name
        self._adapter = adapter
        self._mode = mode
        self._caller = caller
        self.breakers = breakers
        self._gate = gate
        self._guard = guard
        self._answers = answers
        self._search_kind = search_kind(adapter.name, adapter.version)
        self._bodies = CachedBodies(adapter.name)
        self._metrics = metrics

    async def search(
        self, query: SearchRequest, correlation_id: str | None, lane: Lane = Lane.INTERACTIVE
    ) -> SearchResponse:
        """Candidates for a track: `success` with hits, `partial` without any, else why not."""

        async def ask(call: Call) -> Reply:
            reply = await self._adapter.search(query, call)
            if len(reply.candidates) <= query.limit:
                return reply
            return replace(reply, candidates=reply.candidates[: query.limit])

        fetch = partial(self._fetch, ask, self._adapter.missing_credentials)
        key = search_key(self.name, self._adapter.version, query)
        question = Question(key, SEARCH_SECONDS, partial(fetch, lane), partial(fetch, Lane.BULK), lane)
        answer = await self._answers.answer(question, correlation_id)
        reply = answer.reply
        return SearchResponse(
            status=self._status(reply.outcome, nothing="partial"),
            provider=self.name,
            query=query.model_dump(),
            outcome=reply.outcome,
            results=list(reply.candidates),
            cached=answer.cached,
            response_id=reply.response_id,
            retry_at=reply.retry_at,
            detail=reply.detail,
        )

    def search_at_hand(self, asked: Asked) -> bytes | None:
        """The body that answers `search`, if this process holds a fresh answer; never waits."""
        entry = self._answers.fresh_at_hand((*self._search_kind, *asked.words))
        return None if entry is None else self._bodies.body(asked, entry)

    async def track(
        self, track_id: str, correlation_id: str | None, lane: Lane = Lane.INTERACTIVE
    ) -> TrackResponse:
        """One track by the provider's identifier: `success`, `not_found`, else why not."""
        key = track_key(self.name, self._adapter.version, track_id)
        fetch = partial(
            self._fetch, lambda call: self._adapter.track(track_id, call), self._missing_for_lookups
        )
        question = Question(key, TRACK_SECONDS, partial(fetch, lane), partial(fetch, Lane.BULK), lane)
        answer = await self._answers.answer(question, correlation_id)
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

    @property
    def switched_off(self) -> Mapping[EndpointClass, SwitchedOff]:
        """The kinds of calls that the provider has closed to us."""
        return self._guard.switches.off

    async def control(self, request: ControlRequest) -> list[str]:
        """Do what an operator asks to the breakers; the endpoints where it changed something.

        Closing them all also tries again what the provider has refused or closed. EpochConflictError:
        somebody was first.
        """
        changed = await self.breakers.control(request)
        if request.action is ControlAction.CLOSE and request.endpoint is None:
            self._guard.switches.restore()
            await self._gate.unblock()
        return changed

    async def test_call(self, endpoint: str | None) -> TestCall:
        """Ask the provider for something it is known to have, past the cache and on the usual way.

        For `lookup` the track is found first; every other kind of call has a search to stand for it. Where
        there is no search, a release is looked up.
        """
        started = perf_counter()
        reply = await self._ask_known(lambda call: self._adapter.search(KNOWN_TRACK, call))
        if reply.outcome is Outcome.BAD_REQUEST and reply.response_id is None:
            reply = await self._ask_known(lambda call: self._adapter.track(KNOWN_RELEASE, call))
        if endpoint == EndpointClass.LOOKUP and reply.candidates:
            track_id = reply.candidates[0].provider_id
            reply = await self._ask_known(lambda call: self._adapter.track(track_id, call))
        return TestCall(
            outcome=reply.outcome,
            detail=reply.detail,
            milliseconds=round((perf_counter() - started) * 1000, 1),
            response_id=reply.response_id,
        )

    def status(self) -> ProviderStatus:
        """The provider as `/health` shows it."""
        cache = self._answers.status()
        return ProviderStatus(
            status=self._condition(),
            mode=self._mode,
            missing_credentials=self._adapter.missing_credentials,
            circuit_breaker=self.breakers.status(),
            endpoints=self.breakers.statuses(),
            rate_gate=self._gate.status(),
            traffic=self._metrics.traffic(self.name),
            cache_hits=cache.hits,
            cache_misses=cache.misses,
        )

    def mark(self) -> object:
        """A value that differs once a breaker or the gate has changed; cheaper than `status`."""
        return self.breakers.epoch, self.breakers.state, self._gate.state

    def breaker_status(self) -> BreakerStatus:
        """The worst of the circuit breakers."""
        return self.breakers.status()

    def cache_status(self) -> CacheStatus:
        """This provider's share of the cache."""
        return self._answers.status()

    async def forget_answers(self, operation: str | None) -> bool:
        """Invalidate the cache, or one operation's part. False: other replicas do not know yet."""
        return await self._answers.invalidate(operation)

    async def close(self) -> None:
        """End what goes on behind the answers."""
        await self._answers.close()

    @property
    def _missing_for_lookups(self) -> str:
        return "" if lookups_are_free(self.name) else self._adapter.missing_credentials

    async def _fetch(self, ask: Ask, missing: str, lane: Lane, correlation_id: str | None) -> Reply:
        if missing:
            return Reply(Outcome.CREDENTIAL, detail=missing)

        async def call(request: ProviderRequest) -> Reply:
            return await self._caller.call(request, correlation_id, lane)

        reply = await ask(self._guard.around(call))
        if reply.outcome is Outcome.CREDENTIAL and self._gate.state is not GateState.BLOCKED:
            await self._gate.block(reply.detail)
        return reply

    async def _ask_known(self, ask: Ask) -> Reply:
        return await self._fetch(ask, self._adapter.missing_credentials, Lane.INTERACTIVE, _TEST_CALL)

    def _status(self, outcome: Outcome, *, nothing: str) -> str:
        if outcome is Outcome.OK:
            return "success"
        if outcome is Outcome.NOT_FOUND:
            return nothing
        if outcome is Outcome.CREDENTIAL and self._adapter.missing_credentials:
            return "no_credentials"
        return outcome.value

    def _condition(self) -> str:
        if self._missing_for_lookups:
            return "no_credentials"
        state = self.breakers.state
        if state is BreakerState.OPEN or self._gate.state is GateState.BLOCKED:
            return "unavailable"
        limited = self._gate.state is not GateState.FLOWING or bool(self._adapter.missing_credentials)
        return "degraded" if limited or state is BreakerState.HALF_OPEN else "healthy"
