"""Which environment the window looks at."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.environment import Environment, TargetKind, Tier
from controllers.operations import Background, Operation
from controllers.ports import StackPort

TIER_TONES = {Tier.DEV: "info", Tier.STAGING: "warn", Tier.PRODUCTION: "bad"}
TIER_WORDS = {Tier.DEV: "DEV", Tier.STAGING: "STAGING", Tier.PRODUCTION: "PRODUCTION"}


class Session(QObject):
    """The environments and the one that is current.

    Signals: `loaded` with all environments; `changed` with the current one; `failed` with an OperatorError.
    """

    loaded = Signal(object)
    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, stack: StackPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._load = Operation(background, self)
        self._load.succeeded.connect(self._on_loaded)
        self._load.failed.connect(self.failed)
        self._wanted: str | None = None
        self.environments: tuple[Environment, ...] = ()
        self.current: Environment | None = None

    def load(self, wanted: str | None = None) -> None:
        """Read the profiles; `wanted` becomes current, or the first when there is no such profile."""
        self._wanted = wanted or (self.current.name if self.current else None)
        self._load.run(self._stack.environments)

    def select(self, name: str) -> None:
        """Make the environment called `name` current."""
        for environment in self.environments:
            if environment.name == name and environment != self.current:
                self.current = environment
                self.changed.emit(environment)

    @Slot(object)
    def _on_loaded(self, environments: Sequence[Environment]) -> None:
        self.environments = tuple(environments)
        self.loaded.emit(self.environments)
        names = [environment.name for environment in self.environments]
        if names:
            # `select` compares whole profiles, so one that was edited meanwhile counts as a change.
            self.select(self._wanted if self._wanted in names else names[0])


def title_of(environment: Environment) -> str:
    """`Sandbox` for `sandbox`."""
    return environment.name.replace("-", " ").capitalize()


def place_of(environment: Environment) -> str:
    """Tier and place in words: `DEV · local processes · 127.0.0.1`."""
    how = "local processes" if environment.kind is TargetKind.LOCAL else "Docker Compose"
    return f"{TIER_WORDS[environment.tier]} · {how} · {environment.host}"
