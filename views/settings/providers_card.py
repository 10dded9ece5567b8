"""Where each provider's calls go."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from backend.contracts.environment import Environment, ProviderMode
from backend.contracts.provider_registry import REGISTRATIONS, Registration, WithoutAccount
from views.widgets.base import GAP_M, clear, label
from views.widgets.card import Card

_LIVE = {
    WithoutAccount.EVERYTHING: "Live (no account needed)",
    WithoutAccount.LOOKUPS: "Live (its search needs an account)",
    WithoutAccount.NOTHING: "Live (needs an account)",
}


def _words(registration: Registration) -> dict[ProviderMode, str]:
    return {
        ProviderMode.SIMULATED: "Simulated (no account, no internet)",
        ProviderMode.LIVE: _LIVE[registration.without_account],
    }


class ModeBox(QComboBox):
    """Chooses one provider's mode.

    Signals: `mode_chosen` with provider and mode.
    """

    mode_chosen = Signal(str, object)

    def __init__(self, registration: Registration, mode: ProviderMode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._provider = registration.name
        self.setObjectName(f"mode-{registration.name}")
        self.setAccessibleName(f"Calls to {registration.title}")
        for each, words in _words(registration).items():
            self.addItem(words, each)
        self.setCurrentIndex(self.findData(mode))
        self.activated.connect(self._on_activated)

    @Slot(int)
    def _on_activated(self, place: int) -> None:
        self.mode_chosen.emit(self._provider, self.itemData(place))


class ProvidersCard(Card):
    """Signals: `mode_chosen` with provider and mode."""

    mode_chosen = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Providers", parent=parent)
        self._shown: Environment | None = None
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(GAP_M)
        self._grid.setHorizontalSpacing(24)
        self._grid.setColumnStretch(1, 1)
        self.body.addWidget(label("A change takes effect with the next deployment.", "muted"))
        self.body.addLayout(self._grid)
        self.body.addStretch(1)

    def show_environment(self, environment: Environment) -> None:
        """Show every provider as `environment` has it; rebuilt only when something differs."""
        if environment == self._shown:
            return
        self._shown = environment
        clear(self._grid)
        for place, registration in enumerate(REGISTRATIONS):
            box = ModeBox(registration, environment.provider_mode(registration.name))
            box.mode_chosen.connect(self.mode_chosen)
            self._grid.addWidget(label(registration.title), place, 0)
            self._grid.addWidget(box, place, 1)
