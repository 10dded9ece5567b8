"""The settings screen: appearance, environment, providers, credentials."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from backend.contracts.environment import Environment, ProviderMode
from backend.contracts.errors import OperatorError
from controllers.settings import SettingsController, SettingsFacts
from views.settings.appearance_card import AppearanceCard
from views.settings.credentials_card import CredentialsCard
from views.settings.environment_card import EnvironmentCard
from views.settings.providers_card import ProvidersCard
from views.theme.theme import Theme
from views.widgets.banner import Banner
from views.widgets.base import GAP_L, column, row, scrolling
from views.widgets.page import PageHead


class SettingsView(QWidget):
    """Shows what the operator may choose; every change is kept at once."""

    def __init__(self, theme: Theme, controller: SettingsController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._shown: Environment | None = None
        self.head = PageHead("Settings", "Every change is kept at once")
        self.banner = Banner(theme)
        self.appearance = AppearanceCard()
        self.environment = EnvironmentCard()
        self.providers = ProvidersCard()
        self.credentials = CredentialsCard()
        content = QWidget()
        top = row(self.environment, self.providers, gap=GAP_L)
        top.setStretch(0, 1)
        top.setStretch(1, 1)
        content.setLayout(column(self.appearance, top, self.credentials, None, gap=GAP_L))
        layout = column(self.head, self.banner, scrolling(content), gap=GAP_L)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self._wire()

    def _wire(self) -> None:
        self._controller.loaded.connect(self._on_loaded)
        self._controller.failed.connect(self._on_failed)
        self.appearance.theme_chosen.connect(self._controller.choose_theme)
        self.providers.mode_chosen.connect(self._on_mode)
        self.credentials.set_asked.connect(self._controller.set_credential)
        self.credentials.forget_asked.connect(self._controller.forget_credential)

    def show_environment(self, environment: Environment) -> None:
        """Turn to another environment. Its cards are built when they are looked at: boxes are dear."""
        self.banner.hide()
        self._shown = environment
        if self.isVisible():
            self._show_cards()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was chosen meanwhile."""
        self._show_cards()
        super().showEvent(event)

    def _show_cards(self) -> None:
        if self._shown is not None:
            self.environment.show_environment(self._shown)
            self.providers.show_environment(self._shown)

    @Slot(object)
    def _on_loaded(self, facts: SettingsFacts) -> None:
        self.banner.hide()
        self.environment.show_home(facts.home)
        self.credentials.show_credentials(facts.credentials, facts.secret_store)

    @Slot(str, object)
    def _on_mode(self, provider: str, mode: ProviderMode) -> None:
        self._controller.set_provider_mode(provider, mode)

    @Slot(object)
    def _on_failed(self, error: OperatorError) -> None:
        environment = self._controller.environment
        self.banner.show_error(error, environment.name if environment is not None else "")
