"""What is read of the waterfall: the version in force, coverage, what providers give, and the draft kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.errors import OperatorError
from backend.contracts.providers import Capability
from backend.contracts.waterfall import FieldCoverage, WaterfallConfiguration, WaterfallDraft
from controllers.operations import Background, Operation
from controllers.ports import WaterfallPort

POLL_MS = 4000
COVERAGE_MS = 30_000


@dataclass(frozen=True)
class Surroundings:
    """What is shown beside the configuration; each part may be missing while its service does not answer."""

    coverage: Mapping[str, FieldCoverage] = field(default_factory=dict)
    capabilities: Mapping[tuple[str, str], Capability] = field(default_factory=dict)
    """By provider and field."""
    errors: tuple[OperatorError, ...] = ()
    """Why something is missing."""


@dataclass(frozen=True)
class Reading:
    """Everything that editing begins with."""

    configuration: WaterfallConfiguration
    draft: WaterfallDraft | None
    operator: str
    surroundings: Surroundings


class WaterfallFeed(QObject):
    """Reads one environment's waterfall and looks every few seconds whether a newer version is in force.

    Signals: `read` with a Reading, once an environment; `surrounded` with Surroundings when they were read
    anew; `in_force` with the configuration at every look; `failed` with an OperatorError, `answered` when
    the service answers again.
    """

    read = Signal(object)
    surrounded = Signal(object)
    in_force = Signal(object)
    failed = Signal(object)
    answered = Signal()

    def __init__(
        self, waterfall: WaterfallPort, background: Background, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._waterfall = waterfall
        self._environment = ""
        self._shown, self._deployed, self._loaded = False, True, False
        self.error: OperatorError | None = None
        """Why the configuration could not be read last; none after a success."""
        self._loading = self._operation(background, self._on_read)
        self._looking = self._operation(background, self._on_in_force)
        self._surrounding = Operation(background, self)
        self._surrounding.succeeded.connect(self.surrounded)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self.look)
        self._again = QTimer(self, interval=COVERAGE_MS)
        self._again.timeout.connect(self.look_around)

    @property
    def deployed(self) -> bool:
        """Whether there is anything to ask."""
        return self._deployed

    def watch(self, environment: str) -> None:
        """Look at `environment` from now on."""
        for operation in (self._loading, self._looking, self._surrounding):
            operation.cancel()
        self._environment, self._loaded, self.error = environment, False, None
        self._go_on()

    def set_shown(self, shown: bool) -> None:
        """Ask only while the screen can be seen."""
        if shown != self._shown:
            self._shown = shown
            self._go_on()

    def set_deployed(self, deployed: bool) -> None:
        """Ask nothing where nothing is deployed: nobody could answer."""
        if deployed != self._deployed:
            self._deployed, self._loaded = deployed, False
            self._go_on()

    @Slot()
    def look(self) -> None:
        """Read what is in force, or everything while nothing has been read yet."""
        if not (self._shown and self._deployed and self._environment):
            return
        if self._loaded:
            self._looking.run_if_idle(partial(self._waterfall.configuration, self._environment))
        else:
            self._loading.run_if_idle(partial(_read, self._waterfall, self._environment))

    @Slot()
    def look_again(self) -> None:
        """Read what is in force now; an answer that is on its way may be older and is dropped."""
        self._loading.cancel()
        self._looking.cancel()
        self.look()

    @Slot()
    def look_around(self) -> None:
        """Read coverage and capabilities anew."""
        if self._loaded:
            self._surrounding.run_if_idle(partial(_surroundings, self._waterfall, self._environment))

    def _operation(self, background: Background, succeeded: Callable[[Any], None]) -> Operation:
        result = Operation(background, self)
        result.succeeded.connect(succeeded)
        result.failed.connect(self._on_failed)
        return result

    def _go_on(self) -> None:
        for timer in (self._poll, self._again):
            timer.stop()
        if self._shown and self._deployed and self._environment:
            self._poll.start()
            self._again.start()
            self.look()
            self.look_around()

    @Slot(object)
    def _on_read(self, reading: Reading) -> None:
        self._loaded = True
        self._recover()
        self.read.emit(reading)

    @Slot(object)
    def _on_in_force(self, configuration: WaterfallConfiguration) -> None:
        self._recover()
        self.in_force.emit(configuration)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        self.error = error
        self.failed.emit(error)

    def _recover(self) -> None:
        if self.error is not None:
            self.error = None
            self.answered.emit()


def _read(waterfall: WaterfallPort, environment: str) -> Reading:
    return Reading(
        waterfall.configuration(environment),
        waterfall.draft(environment),
        waterfall.operator(),
        _surroundings(waterfall, environment),
    )


def _surroundings(waterfall: WaterfallPort, environment: str) -> Surroundings:
    """Coverage comes from Gold and capabilities from the gateway: one may be missing without the other."""
    errors: list[OperatorError] = []
    coverage: dict[str, FieldCoverage] = {}
    capabilities: dict[tuple[str, str], Capability] = {}
    try:
        coverage = {each.field: each for each in waterfall.coverage(environment)}
    except OperatorError as error:
        errors.append(error)
    try:
        capabilities = {(each.provider, each.field): each for each in waterfall.capabilities(environment)}
    except OperatorError as error:
        errors.append(error)
    return Surroundings(coverage, capabilities, tuple(errors))
