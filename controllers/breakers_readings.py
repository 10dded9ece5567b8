"""What the screen reads beside the live stream: histories, impact and audit, as long as it is shown."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.live import HistoryPoint, ProviderHistory
from controllers.breakers_rows import Spark
from controllers.operations import Background, Operation
from controllers.ports import ProvidersPort

SPARK_MINUTES = 15
RANGES = ((15, "15 min"), (60, "1 h"), (24 * 60, "24 h"))
"""Minutes of the chart and their words."""
AGAIN_MS = 30_000
SOON_MS = 1000
"""After a change of state: by then the gateway has recorded it, and more changes have come together."""


class BreakerReadings(QObject):
    """Reads for one environment and one selected provider.

    Signals: `sparks` with a Spark by provider; `history` with a ProviderHistory; `impact` with a
    ProviderImpact; `audit` with ControlAudit rows; `history_failed`, `impact_failed` and `audit_failed`
    with an OperatorError.
    """

    sparks = Signal(object)
    history = Signal(object)
    impact = Signal(object)
    audit = Signal(object)
    history_failed = Signal(object)
    impact_failed = Signal(object)
    audit_failed = Signal(object)

    def __init__(
        self, providers: ProvidersPort, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._providers = providers
        self._environment, self._provider = "", ""
        self._shown = False
        self.minutes = RANGES[0][0]
        self._histories = Operation(background, self)
        self._histories.succeeded.connect(self._on_histories)
        self._history = self._operation(background, self.history, self.history_failed)
        self._impact = self._operation(background, self.impact, self.impact_failed)
        self._audit = self._operation(background, self.audit, self.audit_failed)
        self._again = QTimer(self, interval=AGAIN_MS)
        self._again.timeout.connect(self._read_again)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.refresh)

    def set_environment(self, environment: str) -> None:
        """Turn to another environment."""
        for operation in (self._histories, self._history, self._impact, self._audit):
            operation.cancel()
        self._environment, self._provider = environment, ""
        self.refresh()

    def set_shown(self, shown: bool) -> None:
        """Read only while the screen is shown."""
        self._shown = shown
        if shown:
            self._again.start()
            self.refresh()
        else:
            self._again.stop()
            self._soon.stop()

    def select(self, provider: str) -> None:
        """Read for `provider` from now on."""
        self._provider = provider
        self._read_selected()

    def set_minutes(self, minutes: int) -> None:
        """Show another length of history."""
        self.minutes = minutes
        self._read_history()

    @Slot()
    def refresh(self) -> None:
        """Read everything again."""
        if self._shown and self._environment:
            self._histories.run(partial(self._providers.histories, self._environment, SPARK_MINUTES))
            self._read_selected()

    def refresh_soon(self) -> None:
        """Read everything again in a moment; asked again meanwhile, it is read once."""
        if self._shown:
            self._soon.start()

    @Slot()
    def _read_again(self) -> None:
        """Not while something is still being read: an answer that takes long would never arrive."""
        if not any(each.busy for each in (self._histories, self._history, self._impact, self._audit)):
            self.refresh()

    def _read_selected(self) -> None:
        if not (self._shown and self._provider):
            return
        self._read_history()
        self._impact.run(partial(self._providers.impact, self._environment, self._provider))
        self._audit.run(partial(self._providers.audit, self._environment, self._provider))

    def _read_history(self) -> None:
        if self._shown and self._provider:
            call = partial(self._providers.history, self._environment, self._provider, self.minutes)
            self._history.run(call)

    @Slot(object)
    def _on_histories(self, histories: Mapping[str, ProviderHistory]) -> None:
        self.sparks.emit({name: spark_of(history) for name, history in histories.items()})

    def _operation(self, background: Background, succeeded: object, failed: object) -> Operation:
        operation = Operation(background, self)
        operation.succeeded.connect(succeeded)
        operation.failed.connect(failed)
        return operation


def spark_of(history: ProviderHistory) -> Spark:
    """Failure rate of each slice."""
    return tuple(rate_of(point) for point in history.points)


def rate_of(point: HistoryPoint) -> float | None:
    """Failed share of a slice's calls; none when there was none."""
    return point.failures / point.calls if point.calls else None
