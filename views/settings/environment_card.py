"""The profile of the current environment, to read."""

from PySide6.QtWidgets import QGridLayout, QWidget

from backend.contracts.environment import (
    DLQ_MANAGER,
    ENRICHMENT,
    GATEWAY,
    POSTGRES,
    PROVIDER_SIMULATOR,
    Environment,
)
from controllers.session import TIER_WORDS
from views.widgets.base import GAP_M, clear, label, selectable
from views.widgets.card import Card

_PORTS = (GATEWAY, ENRICHMENT, DLQ_MANAGER, POSTGRES, PROVIDER_SIMULATOR)


class EnvironmentCard(Card):
    """Facts in two columns; changed by editing the profile's file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Environment", parent=parent)
        self._environment: Environment | None = None
        self._home = ""
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(GAP_M)
        self._grid.setHorizontalSpacing(24)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self.body.addStretch(1)

    def show_environment(self, environment: Environment) -> None:
        """Show a profile."""
        self._environment = environment
        self._rebuild()

    def show_home(self, home: str) -> None:
        """Show where everything is kept."""
        self._home = home
        self._rebuild()

    def _rebuild(self) -> None:
        clear(self._grid)
        for place, (name, value) in enumerate(self._facts()):
            self._grid.addWidget(label(name, "muted"), place, 0)
            self._grid.addWidget(selectable(value), place, 1)

    def _facts(self) -> list[tuple[str, str]]:
        environment = self._environment
        if environment is None:
            return []
        ports = ", ".join(f"{name} {environment.port(name)}" for name in _PORTS)
        facts = [
            ("Name", environment.name),
            ("Tier", TIER_WORDS[environment.tier]),
            ("Kind", environment.kind.value),
            ("Host", environment.host),
            ("Ports", ports),
            ("Database", f"{environment.database} as {environment.database_user}"),
            ("Watch", f"{environment.default_watch_minutes} min after a deployment"),
        ]
        if self._home:
            facts.append(("Home folder", self._home))
            facts.append(("Profile", f"{self._home}/config/environments/{environment.name}.toml"))
        return facts
