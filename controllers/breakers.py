"""The circuit-breaker screen's controller: live rows, the selected provider, readings and actions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.control import ControlAction, ControlRequest, ControlResult
from backend.contracts.environment import Environment
from backend.contracts.live import BreakerTransition
from backend.contracts.providers import ProviderStatus
from controllers import breakers_curl as curl
from controllers.breakers_conditions import Condition, needs_somebody
from controllers.breakers_control import BreakerControls, Conflict, Intent, Outcome
from controllers.breakers_feed import ProvidersFeed, ProvidersSnapshot
from controllers.breakers_readings import BreakerReadings
from controllers.breakers_rows import ProviderRow, Spark, provider_row, unknown_row
from controllers.breakers_table import BreakerTable
from controllers.clock import Clock
from controllers.monitor import Freshness
from controllers.ports import ProvidersPort
from controllers.streams import StreamingBackground

ANSWER_HOLDS = timedelta(seconds=2)
"""How long the answer of an action outweighs news that were on their way before it."""


@dataclass(frozen=True)
class Badge:
    """How many providers need somebody, and whether one of them takes no calls."""

    count: int = 0
    bad: bool = False
    known: bool = True


class BreakersController(QObject):
    """Signals: `changed` with a ProvidersSnapshot after the rows; `selected` with a provider's name, empty
    when there is none; `badge_changed` with a Badge; `moved` with each BreakerTransition.
    """

    changed = Signal(object)
    selected = Signal(str)
    badge_changed = Signal(object)
    moved = Signal(object)

    def __init__(
        self,
        providers: ProvidersPort,
        background: StreamingBackground,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self.environment: Environment | None = None
        self.selection = ""
        self.badge = Badge(known=False)
        self._sparks: Mapping[str, Spark] = {}
        self._answers: dict[str, tuple[datetime, ControlResult]] = {}
        self._statuses: dict[str, ProviderStatus] = {}
        self.table = BreakerTable(self)
        self.feed = ProvidersFeed(providers, background, clock, self)
        self.readings = BreakerReadings(providers, background, self)
        self.controls = BreakerControls(providers, background, self)
        self.feed.changed.connect(self._on_changed)
        self.feed.moved.connect(self._on_moved)
        self.readings.sparks.connect(self._on_sparks)
        self.controls.done.connect(self._on_done)
        self.controls.conflict.connect(self._on_conflict)

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment; what was known is forgotten."""
        self.environment = environment
        self._sparks, self._answers, self._statuses = {}, {}, {}
        self._select("")
        self.readings.set_environment(environment.name)
        self.controls.set_environment(environment.name)
        self.feed.watch(environment.name)

    def stop(self) -> None:
        """Ask nothing more."""
        self.feed.set_visible(False)
        self.readings.set_shown(False)

    def select(self, name: str) -> None:
        """Turn to one provider."""
        if name != self.selection:
            self._select(name)

    def status(self, name: str) -> ProviderStatus | None:
        """What is known of a provider now; none when it is unknown."""
        if self.feed.snapshot.freshness is Freshness.UNKNOWN:
            return None
        return self._statuses.get(name)

    def intent(self, action: ControlAction, name: str, reason: str, minutes: int) -> Intent | None:
        """An action on a provider as it is now; none while its state is unknown."""
        status = self.status(name)
        if status is None:
            return None
        seen = status.circuit_breaker
        request = ControlRequest(
            action=action,
            reason=reason,
            author=self.controls.operator or "unknown",
            minutes=minutes,
            expected_epoch=seen.epoch,
        )
        return Intent(name, request, seen)

    def curl_of_providers(self) -> str:
        """The call that the rows come from, for a terminal."""
        return curl.providers(self.environment) if self.environment is not None else ""

    def not_closed(self) -> list[str]:
        """Providers that a reset of all would change."""
        plain = (Condition.CLOSED, Condition.UNKNOWN)
        return [row.name for row in self.table.rows() if row.condition not in plain]

    def _select(self, name: str) -> None:
        self.selection = name
        self.selected.emit(name)
        self.readings.select(name)

    @Slot(object)
    def _on_changed(self, snapshot: ProvidersSnapshot) -> None:
        known = snapshot.freshness is not Freshness.UNKNOWN
        if known and not self.badge.known:
            self.readings.refresh()
        if snapshot.live is not None:
            self._statuses = {
                name: self._with_answer(name, status) for name, status in snapshot.live.providers.items()
            }
        self.table.replace(self._rows(snapshot))
        self._choose()
        self._count(snapshot)
        self.changed.emit(snapshot)

    def _rows(self, snapshot: ProvidersSnapshot) -> list[ProviderRow]:
        now = snapshot.now
        if now is None or snapshot.freshness is Freshness.UNKNOWN:
            return [unknown_row(name) for name in self._statuses]
        return [
            provider_row(name, status, now, self._sparks.get(name, ()))
            for name, status in self._statuses.items()
        ]

    def _with_answer(self, name: str, status: ProviderStatus) -> ProviderStatus:
        """News that left the gateway before it carried out an action must not show the state before."""
        at, answer = self._answers.get(name, (None, None))
        if at is None or answer is None or status.circuit_breaker.epoch >= answer.circuit_breaker.epoch:
            return status
        if self._clock() - at > ANSWER_HOLDS:
            del self._answers[name]
            return status
        return status.model_copy(
            update={"circuit_breaker": answer.circuit_breaker, "endpoints": answer.endpoints}
        )

    def _choose(self) -> None:
        """Something is always selected: what needs somebody first, else the first."""
        rows = self.table.rows()
        if self.selection and self.table.place_of(self.selection) >= 0:
            return
        urgent = [row.name for row in rows if needs_somebody(row.condition)]
        name = next(iter(urgent or [row.name for row in rows]), "")
        if name != self.selection:
            self._select(name)

    def _count(self, snapshot: ProvidersSnapshot) -> None:
        urgent = [row for row in self.table.rows() if needs_somebody(row.condition)]
        known = snapshot.freshness is not Freshness.UNKNOWN
        badge = Badge(len(urgent), any(row.mark.tone == "bad" for row in urgent), known)
        if badge != self.badge:
            self.badge = badge
            self.badge_changed.emit(badge)

    @Slot(object)
    def _on_moved(self, transition: BreakerTransition) -> None:
        self.moved.emit(transition)
        self.readings.refresh_soon()

    @Slot(object)
    def _on_sparks(self, sparks: Mapping[str, Spark]) -> None:
        self._sparks = sparks
        self.table.replace(self._rows(self.feed.snapshot))

    @Slot(object)
    def _on_done(self, outcome: Outcome) -> None:
        for result in outcome.results:
            self._answers[result.provider] = (self._clock(), result)
        self.feed.publish()
        self.readings.refresh()

    @Slot(object)
    def _on_conflict(self, _conflict: Conflict) -> None:
        self.feed.look_again()
        self.readings.refresh()
