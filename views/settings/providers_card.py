"""Where each provider's calls go."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from backend.contracts.environment import PROVIDERS, Environment, ProviderMode
from views.widgets.base import GAP_M, clear, label
from views.widgets.card import Card

_WORDS = {
    ProviderMode.SIMULATED: "Simulated (no account, no internet)",
    ProviderMode.LIVE: "Live (the real service)",
}


class ModeBox(QComboBox):
    """Chooses one provider's mode.

    Signals: `mode_chosen` with provider and mode.
    """

    mode_chosen = Signal(str, object)

    def __init__(self, provider: str, mode: ProviderMode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._provider = provider
        self.setObjectName(f"mode-{provider}")
        self.setAccessibleName(f"Calls to {provider}")
        for each, words in _WORDS.items():
            self.addItem(words, each)
        self.setCurrentIndex(list(_WORDS).index(mode))
        self.activated.connect(self._on_activated)

    @Slot(int)
    def _on_activated(self, place: int) -> None:
        self.mode_chosen.emit(self._provider, list(_WORDS)[place])


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
        for place, provider in enumerate(PROVIDERS):
            box = ModeBox(provider, environment.provider_mode(provider))
            box.mode_chosen.connect(self.mode_chosen)
            self._grid.addWidget(label(provider), place, 0)
            self._grid.addWidget(box, place, 1)
