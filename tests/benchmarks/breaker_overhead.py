"""What a circuit breaker adds to a call, and to one it refuses, beside four others in the same run.

Limits: 1.0 µs for a call while closed, with every feature on (window, slow-call line, host breaker above,
epochs); 0.5 µs for a refused one. The others do less: none has a host breaker or neutral results, and only
interlock has a time window. Each figure is the best of several rounds, less what the bare call costs.
"""

import asyncio
import gc
import importlib
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from backend.contracts.providers import EndpointClass
from backend.services.api_gateway.breakers.board import Admission, BreakerBoard
from backend.services.api_gateway.breakers.breaker import Breaker
from backend.services.api_gateway.breakers.model import BreakerSettings, Permit, Verdict

CALLS, ROUNDS = 1_000, 100
CLOSED_LIMIT_NS, REFUSED_LIMIT_NS = 1_000, 500

Loop = Callable[[], Awaitable[None]]
"""Makes `CALLS` calls."""


async def work() -> None:
    """The call that is protected."""


async def bare() -> None:
    """The calls without any breaker."""
    for _ in range(CALLS):
        await work()


def board() -> Loop:
    """As the gateway uses it: the endpoint's breaker and the host's, over the port that replicas share."""
    breakers = BreakerBoard("deezer", BreakerSettings(), time.monotonic, lambda _: None)

    async def run() -> None:
        ended = time.monotonic()  # as in the gateway, whoever timed the call hands over the time
        for _ in range(CALLS):
            admission = await breakers.admit(EndpointClass.SEARCH)
            assert isinstance(admission, Admission)
            await work()
            await breakers.report(admission, Verdict.SUCCESS, 0.1, ended)

    return run


def machine() -> Loop:
    """One breaker by itself, without the host's above it."""
    breaker = Breaker("search", BreakerSettings(), time.monotonic, lambda _: None)

    async def run() -> None:
        ended = time.monotonic()
        for _ in range(CALLS):
            permit = breaker.admit()
            assert isinstance(permit, Permit)
            await work()
            breaker.note(permit, Verdict.SUCCESS, 0.1, ended)

    return run


def refused() -> Loop:
    """Calls that an open breaker refuses."""
    settings = BreakerSettings(minimum_calls=1, open_seconds=600.0)
    breakers = BreakerBoard("deezer", settings, time.monotonic, lambda _: None)
    breaker = breakers.breaker("search")
    permit = breaker.admit()
    assert isinstance(permit, Permit)
    breaker.report(permit, Verdict.FAILURE)

    async def run() -> None:
        for _ in range(CALLS):
            assert breakers.refusal(EndpointClass.SEARCH) is not None

    return run


def interlock(module: Any) -> Loop:
    """interlock-cb, with the same rules as far as it has them."""
    config = module.Config(window_type=module.WindowType.TIME_BASED, window_size=60)
    breaker = module.CircuitBreaker(name="search", config=config)

    async def run() -> None:
        for _ in range(CALLS):
            await breaker.call_async(work)

    return run


def circuitbreaker(module: Any) -> Loop:
    """circuitbreaker counts failures in a row."""
    protected = module.circuit(failure_threshold=5)(work)

    async def run() -> None:
        for _ in range(CALLS):
            await protected()

    return run


def purgatory(module: Any) -> Loop:
    """purgatory counts failures in a row."""
    factory = module.AsyncCircuitBreakerFactory(default_threshold=5)

    async def run() -> None:
        breaker = await factory.get_breaker("search")
        for _ in range(CALLS):
            async with breaker:
                await work()

    return run


def aiobreaker(module: Any) -> Loop:
    """aiobreaker counts failures in a row."""
    breaker = module.CircuitBreaker(fail_max=5, timeout_duration=timedelta(seconds=15))

    async def run() -> None:
        for _ in range(CALLS):
            await breaker.call_async(work)

    return run


async def nanoseconds(loops: dict[str, Loop]) -> dict[str, float]:
    """Nanoseconds a call, for each; the rounds take turns, so that a busy machine troubles all alike."""
    measured: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, run in loops.items():
            gc.collect()
            began = time.perf_counter_ns()
            await run()
            measured[name].append((time.perf_counter_ns() - began) / CALLS)
    spread = statistics.median(max(values) / min(values) for values in measured.values())
    sys.stdout.write(f"best of {ROUNDS} rounds of {CALLS} calls; slowest round {spread:.1f} x the best\n")
    return {name: min(values) for name, values in measured.items()}


def rivals() -> dict[str, Loop]:
    """Those that are installed."""
    found = {}
    for name, make in {
        "interlock": interlock,
        "circuitbreaker": circuitbreaker,
        "purgatory": purgatory,
        "aiobreaker": aiobreaker,
    }.items():
        try:
            found[name] = make(importlib.import_module(name))
        except ImportError as error:
            sys.stdout.write(f"{name}: not measured, {error}; the extra `rivals` installs it\n")
    return found


def main() -> None:
    """Measure ours and whatever rivals are installed."""
    ours = {"ours, endpoint and host": board(), "ours, one breaker": machine()}
    loops: dict[str, Loop] = {"bare": bare, **ours, **rivals(), "refused": refused()}
    measured = asyncio.run(nanoseconds(loops))
    bare_ns, refused_ns = measured.pop("bare"), measured.pop("refused")
    reference = measured["ours, endpoint and host"] - bare_ns
    for name, total in measured.items():
        added = total - bare_ns
        beside = f"limit {CLOSED_LIMIT_NS} ns, ratio {added / CLOSED_LIMIT_NS:.2f}" if name in ours else ""
        sys.stdout.write(f"{name}: {added:.0f} ns a call {beside or f'({added / reference:.1f} x ours)'}\n")
    ratio = refused_ns / REFUSED_LIMIT_NS
    sys.stdout.write(f"refused: {refused_ns:.0f} ns, limit {REFUSED_LIMIT_NS} ns, ratio {ratio:.2f}\n")


if __name__ == "__main__":
    main()
