"""What an operator does to breakers: the call, what came of it, and what changed when somebody was first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.control import (
    ControlAction,
    ControlAudit,
    ControlConflictError,
    ControlRequest,
    ControlResult,
)
from backend.contracts.errors import OperatorError
from backend.contracts.live import LiveProviders
from backend.contracts.providers import BreakerStatus
from controllers.operations import Operation
from controllers.ports import ProvidersPort
from controllers.streams import StreamingBackground


@dataclass(frozen=True)
class Intent:
    """What is to be done to a provider, and the state it was decided on."""

    provider: str
    request: ControlRequest
    seen: BreakerStatus


@dataclass(frozen=True)
class Conflict:
    """Somebody else was first: what the operator saw, what is now, and what was done in between."""

    intent: Intent
    now: BreakerStatus | None
    """None when the provider is gone."""
    audit: tuple[ControlAudit, ...]
    """What was done since, newest first."""
    live: LiveProviders


@dataclass(frozen=True)
class Outcome:
    """What came of one intent, or of one for each of several providers."""

    results: tuple[ControlResult, ...]
    refused: tuple[tuple[str, OperatorError], ...] = ()
    """Providers of several that were left as they were, and why."""

    @property
    def sentence(self) -> str:
        """What the operator is told."""
        done = ", ".join(result.provider for result in self.results) or "no provider"
        told = f"{_DONE[self.results[0].action] if self.results else 'Done'}: {done}."
        return " ".join(
            [told, *(f"{name} was left as it is: {error.message}" for name, error in self.refused)]
        )


_DONE = {
    ControlAction.FORCE_OPEN: "Forced open",
    ControlAction.DISABLE: "Disabled",
    ControlAction.SHADOW: "In shadow mode",
    ControlAction.CLOSE: "Reset",
    ControlAction.PROBE: "Probes are let through",
}


class BreakerControls(QObject):
    """Carries out one intent at a time, or one for each of several providers.

    Signals: `busy_changed`; `done` with an Outcome; `conflict` with a Conflict; `failed` with an
    OperatorError.
    """

    busy_changed = Signal(bool)
    done = Signal(object)
    conflict = Signal(object)
    failed = Signal(object)

    def __init__(
        self, providers: ProvidersPort, background: StreamingBackground, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._providers = providers
        self._environment = ""
        self.operator = ""
        """Who is at the console, as `user@host`; empty until the port has told."""
        self._naming = Operation(background, self)
        self._naming.succeeded.connect(self._on_named)
        self._intent: Intent | None = None
        self._calling = Operation(background, self)
        self._calling.succeeded.connect(self._on_done)
        self._calling.failed.connect(self._on_failed)
        self._comparing = Operation(background, self)
        self._comparing.succeeded.connect(self._on_compared)
        self._comparing.failed.connect(self._end_with)

    def set_environment(self, environment: str) -> None:
        """Turn to another environment. A call under way is carried out; nobody hears of it here."""
        self._environment = environment
        self._calling.cancel()
        self._comparing.cancel()
        self.busy_changed.emit(False)
        self._naming.run_if_idle(self._providers.operator)

    def carry_out(self, intent: Intent) -> None:
        """Do what is intended to one provider."""
        if not self._calling.busy:
            self._intent = intent
            self.busy_changed.emit(True)
            self._calling.run(partial(_call, self._providers, self._environment, intent))

    def carry_out_each(self, intents: Sequence[Intent]) -> None:
        """Do what is intended to several; one that is refused does not keep back the others."""
        if not self._calling.busy:
            self._intent = None
            self.busy_changed.emit(True)
            self._calling.run(partial(_call_each, self._providers, self._environment, intents))

    @Slot(object)
    def _on_named(self, operator: str) -> None:
        self.operator = operator

    @Slot(object)
    def _on_done(self, outcome: Outcome) -> None:
        self.busy_changed.emit(False)
        self.done.emit(outcome)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        if isinstance(error, ControlConflictError) and self._intent is not None:
            self._comparing.run(partial(_compare, self._providers, self._environment, self._intent))
        else:
            self._end_with(error)

    @Slot(object)
    def _on_compared(self, conflict: Conflict) -> None:
        self.busy_changed.emit(False)
        self.conflict.emit(conflict)

    @Slot(object)
    def _end_with(self, error: OperatorError) -> None:
        self.busy_changed.emit(False)
        self.failed.emit(error)


def _call(providers: ProvidersPort, environment: str, intent: Intent) -> Outcome:
    return Outcome((providers.control(environment, intent.provider, intent.request),))


def _call_each(providers: ProvidersPort, environment: str, intents: Sequence[Intent]) -> Outcome:
    results, refused = [], []
    for each in intents:
        try:
            results.append(providers.control(environment, each.provider, each.request))
        except OperatorError as error:
            refused.append((each.provider, error))
    return Outcome(tuple(results), tuple(refused))


def _compare(providers: ProvidersPort, environment: str, intent: Intent) -> Conflict:
    live = providers.live(environment)
    now = live.providers.get(intent.provider)
    since = [each for each in providers.audit(environment, intent.provider) if each.epoch > intent.seen.epoch]
    return Conflict(intent, now.circuit_breaker if now is not None else None, tuple(since), live)
