"""One call to a provider: rate gate, circuit breaker, HTTP, judgement, record."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog

from backend.contracts.gateway import Lane, Outcome, TrackCandidate
from backend.contracts.providers import GateState, LastError
from backend.services.api_gateway.breakers.board import Admission, BreakerBoard
from backend.services.api_gateway.breakers.model import Rejection, Verdict
from backend.services.api_gateway.calls.emptiness import EmptyAnswers
from backend.services.api_gateway.gate.rate_gate import GateClosed, Pass, RateGate
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.outcomes import ContractError, HttpAnswer, Judgement, verdict_of
from backend.services.api_gateway.provider_http import CallFailedError, ProviderHttp, UnreachableError
from backend.services.api_gateway.providers.adapter import Adapter, ProviderRequest, Reply
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.records import ResponseRecord

CALL_SECONDS = 12.0
"""Longest a whole call may take, however slowly its bytes come."""
_REMEMBERED = 256
"""Paths that are not taken out of their address again; searches have a handful of them."""
_KEPT_HEADERS = ("age", "content-type", "date", "etag", "last-modified", "retry-after")
_KEPT_PREFIXES = ("x-ratelimit", "x-discogs-ratelimit")

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Read:
    """What was made of an answer."""

    judgement: Judgement
    candidates: Sequence[TrackCandidate] = ()
    payload: Any = None


class Caller:
    """Makes the calls of one provider. Every answer's bytes go to the recorder, whatever they are."""

    def __init__(
        self,
        adapter: Adapter,
        http: ProviderHttp,
        breakers: BreakerBoard,
        gate: RateGate,
        recorder: Recorder,
        metrics: GatewayMetrics,
        clock: Callable[[], float],
        patience: float,
    ) -> None:
        self._adapter = adapter
        self._http = http
        self._breakers = breakers
        self._gate = gate
        self._recorder = recorder
        self._metrics = metrics
        self._clock = clock
        self._patience = patience
        self._emptiness = EmptyAnswers(clock)

    async def call(
        self, request: ProviderRequest, correlation_id: str | None, lane: Lane = Lane.INTERACTIVE
    ) -> Reply:
        """Make the call, or say what held it back. Raises nothing for what the provider does."""
        refusal = self._breakers.refusal(request.endpoint_class)
        if refusal is not None:
            return self._rejected(refusal)
        started = self._clock()
        passed = await self._gate.enter(self._patience, lane)
        if isinstance(passed, GateClosed):
            return _held_back(passed)
        self._metrics.passed_gate(self._adapter.name, self._clock() - started)
        admission = await self._breakers.admit(request.endpoint_class)
        if isinstance(admission, Rejection):
            return self._rejected(admission)
        return await self._admitted(request, admission, passed, correlation_id)

    async def _admitted(
        self, request: ProviderRequest, admission: Admission, passed: Pass, correlation_id: str | None
    ) -> Reply:
        started = self._clock()
        verdict = Verdict.NEUTRAL  # stands when the call is cancelled
        answer: HttpAnswer | None = None
        try:
            answer = await self._send(request)
            read = self._read(request, answer)
            verdict = verdict_of(read.judgement.outcome)
        except (CallFailedError, TimeoutError) as error:
            verdict = _verdict_of_error(error)
            read = _Read(Judgement(Outcome.FAILURE, _describe(error)))
        finally:
            ended = self._clock()
            await self._breakers.report(admission, verdict, ended - started, ended)
        await self._tell_gate(passed, answer, read.judgement)
        return self._conclude(request, answer, read, ended - started, correlation_id)

    async def _send(self, request: ProviderRequest) -> HttpAnswer:
        async with asyncio.timeout(CALL_SECONDS):
            answer = await self._http.send(request)
        if not request.secret_params:
            return answer
        return replace(answer, body=request.without_secrets(answer.body))

    def _read(self, request: ProviderRequest, answer: HttpAnswer) -> _Read:
        judgement = self._adapter.judge(request, answer, datetime.now(UTC))
        if judgement.outcome is not Outcome.OK:
            return _Read(judgement)
        try:
            payload = request.decode(answer)
            candidates = request.parse(payload)
        except (ContractError, ValueError, TypeError, AttributeError, KeyError) as error:
            # Whatever reading stumbles over, the cause is the same: not the documented format.
            detail = str(error) if isinstance(error, ContractError) else f"unreadable: {type(error).__name__}"
            return _Read(Judgement(Outcome.CONTRACT, detail))
        empty = candidates is not None and not candidates
        form = f"{request.endpoint} {request.query_form}".strip()
        if self._emptiness.is_suspect(form, empty=empty):
            detail = f"{form} finds nothing far more often than it used to"
            return _Read(Judgement(Outcome.EMPTY_SUSPECT, detail))
        return _Read(Judgement(Outcome.NOT_FOUND) if empty else judgement, candidates or (), payload)

    def _conclude(
        self,
        request: ProviderRequest,
        answer: HttpAnswer | None,
        read: _Read,
        seconds: float,
        correlation_id: str | None,
    ) -> Reply:
        judgement = read.judgement
        self._metrics.called(self._adapter.name, request.endpoint_class, judgement.outcome, seconds)
        response_id = self._record(request, answer, judgement.outcome, seconds, correlation_id)
        if judgement.outcome in {Outcome.OK, Outcome.NOT_FOUND}:
            return Reply(
                judgement.outcome, read.candidates, read.payload, response_id, detail=judgement.detail
            )
        self._note_error(request, judgement, response_id, correlation_id)
        closed_for = self._gate.closed_for
        retry_at = _moment_in(closed_for) if closed_for else None
        return Reply(judgement.outcome, response_id=response_id, retry_at=retry_at, detail=judgement.detail)

    def _note_error(
        self, request: ProviderRequest, judgement: Judgement, response_id: str, correlation_id: str | None
    ) -> None:
        error = LastError(
            outcome=judgement.outcome,
            detail=judgement.detail,
            at=datetime.now(UTC),
            endpoint=request.endpoint_class,
            response_id=response_id,
        )
        self._metrics.erred(self._adapter.name, error)
        _log.warning(
            "provider_call",
            provider=self._adapter.name,
            endpoint=request.endpoint,
            outcome=judgement.outcome,
            detail=judgement.detail,
            correlation_id=correlation_id,
        )

    async def _tell_gate(self, passed: Pass, answer: HttpAnswer | None, judgement: Judgement) -> None:
        if answer is not None:
            await self._gate.answered(passed, answer.headers)
        if judgement.outcome in {Outcome.THROTTLED, Outcome.QUOTA}:
            quota = judgement.outcome is Outcome.QUOTA
            await self._gate.throttled(passed, judgement.retry_after, quota=quota, reason=judgement.detail)

    def _record(
        self,
        request: ProviderRequest,
        answer: HttpAnswer | None,
        outcome: Outcome,
        seconds: float,
        correlation_id: str | None,
    ) -> str:
        identifier = str(uuid.uuid4())
        keep_body = answer is not None and not request.holds_secrets
        self._recorder.add(
            ResponseRecord(
                id=identifier,
                provider=self._adapter.name,
                endpoint=request.endpoint,
                request_params={"path": _path(request.url), **request.params},
                response_status=answer.status if answer else None,
                response_headers=_kept(answer) if answer else {},
                body=answer.body if answer and keep_body else None,
                outcome=outcome,
                latency_ms=round(seconds * 1000, 3),
                correlation_id=correlation_id,
                fetched_at=datetime.now(UTC),
            )
        )
        return identifier

    def _rejected(self, rejection: Rejection) -> Reply:
        self._metrics.rejected(self._adapter.name)
        seconds = rejection.retry_at - self._clock()
        detail = f"the circuit breaker of {self._adapter.name} is open: {rejection.reason}"
        retry_at = _moment_in(seconds) if isfinite(seconds) else None
        return Reply(Outcome.BREAKER_OPEN, retry_at=retry_at, detail=detail)


def _held_back(closed: GateClosed) -> Reply:
    retry_at = None if closed.retry_in is None else _moment_in(closed.retry_in)
    match closed.state:
        case GateState.BLOCKED:
            detail = "the provider refused the credentials; correct them and reset the breaker"
            return Reply(Outcome.CREDENTIAL, retry_at=retry_at, detail=detail)
        case GateState.QUOTA:
            return Reply(Outcome.QUOTA, retry_at=retry_at, detail="the provider's quota is used up")
        case GateState.COOLING:
            return Reply(Outcome.THROTTLED, retry_at=retry_at, detail="the provider asked to slow down")
        case GateState.FLOWING:
            detail = "too many calls are waiting for their place within the provider's limit"
            return Reply(Outcome.THROTTLED, retry_at=retry_at, detail=detail)


def _verdict_of_error(error: Exception) -> Verdict:
    return Verdict.UNREACHABLE if isinstance(error, UnreachableError) else Verdict.FAILURE


def _describe(error: Exception) -> str:
    if isinstance(error, UnreachableError):
        return "the provider could not be reached"
    if isinstance(error, TimeoutError):
        return "the provider did not answer in time"
    return f"the connection to the provider failed: {error}"


def _kept(answer: HttpAnswer) -> dict[str, str]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return {
        name: value
        for name, value in headers.items()
        if name in _KEPT_HEADERS or name.startswith(_KEPT_PREFIXES)
    }


@lru_cache(_REMEMBERED)
def _path(url: str) -> str:
    return unquote(urlsplit(url).path)


def _moment_in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
