"""`breakers`: the gateway's providers, their circuit breakers, and what an operator does to them."""

import time
from datetime import UTC, datetime
from typing import Annotated, NoReturn

from cyclopts import App, Parameter
from pydantic import ValidationError

from app.commands.options import Common, unusable
from app.providers_port import Providers
from app.terminal import Terminal, duration
from backend.contracts.control import DEFAULT_MINUTES, ControlAction, ControlRequest, ControlResult
from backend.contracts.errors import OperatorError
from backend.contracts.gateway import Outcome
from backend.contracts.live import BreakerTransition, LiveProviders
from backend.contracts.providers import (
    BreakerControl,
    BreakerState,
    BreakerStatus,
    GateState,
    ProviderStatus,
)
from backend.contracts.runs import ExitCode

Reason = Annotated[str, Parameter(help="Why; it is kept with your name.")]
Endpoint = Annotated[str | None, Parameter(help="One kind of call, or host; by omission all.")]
Minutes = Annotated[int, Parameter(help="How long it lasts.")]
_RETRY_SECONDS = 2.0
_ANSWERED = {Outcome.OK, Outcome.NOT_FOUND}
_COLOURS = {BreakerState.CLOSED: "green", BreakerState.HALF_OPEN: "yellow", BreakerState.OPEN: "red"}


def list_breakers(
    *,
    watch: Annotated[bool, Parameter(negative="", help="Go on with the live stream.")] = False,
    common: Common | None = None,
) -> int:
    """Show every provider: breaker, gate, and the calls of the last minute."""
    common = common or Common()
    terminal, providers = common.terminal(), common.composition().providers()
    _show(terminal, providers.live(common.environment))
    if watch:
        _watch(terminal, providers, common.environment)
    return ExitCode.DONE


def force_open(
    provider: str,
    *,
    reason: Reason,
    minutes: Minutes = DEFAULT_MINUTES,
    endpoint: Endpoint = None,
    common: Common | None = None,
) -> int:
    """Refuse every call to a provider."""
    return _control(common, ControlAction.FORCE_OPEN, provider, reason, endpoint, minutes)


def disable(
    provider: str,
    *,
    reason: Reason,
    minutes: Minutes = DEFAULT_MINUTES,
    endpoint: Endpoint = None,
    common: Common | None = None,
) -> int:
    """Let every call pass, whatever comes back."""
    return _control(common, ControlAction.DISABLE, provider, reason, endpoint, minutes)


def shadow(
    provider: str,
    *,
    reason: Reason,
    minutes: Minutes = DEFAULT_MINUTES,
    endpoint: Endpoint = None,
    common: Common | None = None,
) -> int:
    """Let every call pass, and tell when the breaker would have opened."""
    return _control(common, ControlAction.SHADOW, provider, reason, endpoint, minutes)


def close(provider: str, *, reason: Reason, endpoint: Endpoint = None, common: Common | None = None) -> int:
    """End what was forced, close, and start the window afresh."""
    return _control(common, ControlAction.CLOSE, provider, reason, endpoint)


def probe(provider: str, *, reason: Reason, endpoint: Endpoint = None, common: Common | None = None) -> int:
    """Let probes through now, and make one real harmless call."""
    return _control(common, ControlAction.PROBE, provider, reason, endpoint)


def _control(
    common: Common | None,
    action: ControlAction,
    provider: str,
    reason: str,
    endpoint: str | None,
    minutes: int = DEFAULT_MINUTES,
) -> int:
    common = common or Common()
    providers = common.composition().providers()
    try:
        request = ControlRequest(
            action=action,
            reason=reason,
            author=providers.operator(),
            endpoint=endpoint,
            minutes=minutes,
        )
    except ValidationError as error:
        raise unusable(error) from None
    done = providers.control(common.environment, provider, request)
    return _tell(common.terminal(), done)


def _tell(terminal: Terminal, done: ControlResult) -> int:
    terminal.event("control", **done.model_dump(mode="json"))
    terminal.say(f"{done.provider}: {_breaker_words(done.circuit_breaker).rstrip()}", "bold")
    if done.detail:
        terminal.say(done.detail, "yellow")
    call = done.test_call
    if call is None:
        return ExitCode.DONE
    answered = call.outcome in _ANSWERED
    outcome, taken = call.outcome.replace("_", " "), duration(call.milliseconds / 1000)
    words = f"The test call ended with {outcome} ({taken}). {call.detail}"
    terminal.say(words.rstrip(), "green" if answered else "red")
    return ExitCode.DONE if answered else ExitCode.FAILED


def _watch(terminal: Terminal, providers: Providers, environment: str) -> NoReturn:
    """Show the stream until Ctrl-C. A gateway that restarts breaks it: then it is opened again."""
    while True:
        try:
            for item in providers.events(environment):
                _show_news(terminal, item)
        except OperatorError as error:
            terminal.event("stream_broken", message=error.message)
            terminal.say(f"{error.message} Trying again.", "yellow")
        time.sleep(_RETRY_SECONDS)


def _show_news(terminal: Terminal, item: LiveProviders | BreakerTransition) -> None:
    if isinstance(item, LiveProviders):
        terminal.event("providers", **item.model_dump(mode="json"))
        return
    terminal.event("transition", **item.model_dump(mode="json"))
    terminal.say(
        f"{item.at.astimezone():%H:%M:%S} {item.provider} {item.endpoint}: "
        f"{item.from_state} → {item.to_state}: {item.reason}".replace("_", " "),
        _COLOURS[item.to_state],
    )


def _show(terminal: Terminal, live: LiveProviders) -> None:
    terminal.event("providers", **live.model_dump(mode="json"))
    for name, status in live.providers.items():
        terminal.say(_line(name, status), _COLOURS[status.circuit_breaker.state])
    shared = live.shared
    if not shared.healthy:
        terminal.say(f"Replicas do not see each other now: {shared.detail}", "yellow")


def _line(name: str, status: ProviderStatus) -> str:
    gate, traffic = status.rate_gate, status.traffic
    calls = f"{traffic.calls} calls/min"
    p95 = "" if traffic.p95_ms is None else f"  p95 {traffic.p95_ms:.0f} ms"
    lamp = "" if gate.state is GateState.FLOWING else f"  gate {gate.state}{_until(gate.until)}"
    return f"  {name:<16} {_breaker_words(status.circuit_breaker)}  {calls}{p95}{lamp}"


def _breaker_words(breaker: BreakerStatus) -> str:
    """State, and who forced it or why it is not closed."""
    state, control = breaker.state.replace("_", "-"), breaker.control
    if control.control is not BreakerControl.AUTOMATIC:
        forced = control.control.replace("_", " ")
        return f"{state:<9} {forced} by {control.author}{_until(control.until)}: {control.reason}"
    if breaker.state is BreakerState.CLOSED:
        return f"{state:<9}"
    return f"{state:<9} {breaker.endpoint}: {breaker.reason}{_until(breaker.retry_at)}"


def _until(moment: datetime | None) -> str:
    if moment is None:
        return ""
    left = (moment - datetime.now(UTC)).total_seconds()
    return f" until {moment.astimezone():%H:%M:%S} ({duration(max(0.0, left))})"


BREAKERS = App(name="breakers", help="Providers of the gateway and their circuit breakers.")
BREAKERS.default(list_breakers)
BREAKERS.command(force_open, name="force-open")
BREAKERS.command(disable, name="disable")
BREAKERS.command(shadow, name="shadow")
BREAKERS.command(close, name="close")
BREAKERS.command(probe, name="probe")
