"""Puts the gateway together from its settings."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic, time

import structlog
from pydantic import SecretStr

from backend.contracts.provider_registry import REGISTRATIONS
from backend.services.api_gateway.breakers.model import BreakerSettings, Transition
from backend.services.api_gateway.breakers.opening import Breakers, open_breakers
from backend.services.api_gateway.cache.answering import Answers
from backend.services.api_gateway.cache.opening import open_cache
from backend.services.api_gateway.cache.port import Cache
from backend.services.api_gateway.caller import CALL_SECONDS, Caller
from backend.services.api_gateway.calls.guard import CallGuard
from backend.services.api_gateway.calls.retries import Retries, RetryBudget
from backend.services.api_gateway.calls.switches import CapabilitySwitches
from backend.services.api_gateway.gate.limit import RateLimit
from backend.services.api_gateway.gate.opening import Gates, open_gates
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.provider import Provider
from backend.services.api_gateway.provider_http import ProviderHttp, open_http, trusted_authorities
from backend.services.api_gateway.providers.adapter import Adapter
from backend.services.api_gateway.providers.building import build_adapters
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.api_gateway.shared_redis import open_redis
from backend.services.api_gateway.transitions import Announce, TransitionLog, announce_nothing

_log = structlog.get_logger()


def breaker_settings(limit: RateLimit) -> BreakerSettings:
    """Thresholds that fit a provider's limit: a quarter of what it allows in a minute, from 5 to 20 calls."""
    in_a_minute = limit.calls * 60 / limit.seconds
    slow_provider = limit.calls / limit.seconds <= 1
    return BreakerSettings(
        minimum_calls=int(min(max(in_a_minute / 4, 5), 20)),
        probes_at_once=1 if slow_provider else 2,
        lease_seconds=CALL_SECONDS + 5,
    )


@dataclass(frozen=True)
class _Parts:
    """What all providers share."""

    settings: GatewaySettings
    recorder: Recorder
    metrics: GatewayMetrics
    cache: Cache
    breakers: Breakers
    gates: Gates
    transitions: TransitionLog


@asynccontextmanager
async def open_providers(
    settings: GatewaySettings,
    recorder: Recorder,
    metrics: GatewayMetrics,
    announce: Announce = announce_nothing,
) -> AsyncIterator[Mapping[str, Provider]]:
    """The providers by name, each with its own HTTP client. Nothing is called at the start.

    `announce` is told every change of a breaker.
    """
    trust = trusted_authorities()
    async with AsyncExitStack() as stack:
        url = settings.redis_url
        redis = await stack.enter_async_context(open_redis(url)) if url is not None else None
        cache = await stack.enter_async_context(open_cache(redis, metrics, time))
        breakers = await stack.enter_async_context(open_breakers(redis, monotonic))
        gates = await stack.enter_async_context(open_gates(redis, monotonic))
        transitions = TransitionLog(recorder, metrics, announce)
        parts = _Parts(settings, recorder, metrics, cache, breakers, gates, transitions)
        providers = {}
        for adapter in build_adapters(settings, monotonic):
            http = await stack.enter_async_context(open_http(trust))
            providers[adapter.name] = _assemble(adapter, http, parts)
            stack.push_async_callback(providers[adapter.name].close)
        await breakers.refresh()  # so that the first call already meets what other replicas know
        for board in breakers.boards.values():
            transitions.started(board)
        yield providers


def _assemble(adapter: Adapter, http: ProviderHttp, parts: _Parts) -> Provider:
    def changed(transition: Transition) -> None:
        parts.transitions.changed(breakers, transition)
        if breakers.follows_a_reset(transition):
            switches.restore()

    switches = CapabilitySwitches(adapter.name, monotonic)
    breakers = parts.breakers.board(adapter.name, breaker_settings(adapter.limit), changed)
    gate = parts.gates.gate(adapter.name, adapter.limit, _credentials(adapter.name, parts.settings))
    patience = parts.settings.gate_patience_seconds
    caller = Caller(adapter, http, breakers, gate, parts.recorder, parts.metrics, monotonic, patience)
    mode = "simulated" if adapter.name in parts.settings.simulated_providers else "live"
    answers = Answers(adapter.name, parts.cache, parts.metrics, time)
    budget = RetryBudget(parts.settings.retry_share, monotonic)
    retries = Retries(budget, monotonic, note=partial(parts.metrics.retried, adapter.name))
    guard = CallGuard(switches, retries)
    return Provider(adapter, mode, caller, breakers, gate, guard, answers, parts.metrics)


def _credentials(provider: str, settings: GatewaySettings) -> list[SecretStr]:
    """Those in use, in the order of the provider's registration."""
    names = [one.name for each in REGISTRATIONS if each.name == provider for one in each.credentials]
    return [settings.credentials[name] for name in names if name in settings.credentials]
