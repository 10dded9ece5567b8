"""The settings screen's controller: theme, providers, credentials."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from backend.contracts.environment import Environment, ProviderMode
from controllers.operations import Background, Operation
from controllers.ports import SettingsPort


@dataclass(frozen=True)
class SettingsFacts:
    """What the settings screen shows."""

    credentials: tuple[tuple[str, str, bool], ...]
    """(provider, credential name, whether one is kept). The values themselves are never read."""
    secret_store: str
    home: str


class SettingsController(QObject):
    """Reads and changes what the operator may choose.

    Signals: `loaded` with SettingsFacts; `theme_chosen` with `dark`, `light` or `system`; `profile_changed`
    when a profile was written; `done` with a sentence; `failed` with an OperatorError.
    """

    loaded = Signal(object)
    theme_chosen = Signal(str)
    profile_changed = Signal()
    done = Signal(str)
    failed = Signal(object)

    def __init__(self, settings: SettingsPort, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.environment: Environment | None = None
        self._sentence = ""
        self._loading = Operation(background, self)
        self._loading.succeeded.connect(self.loaded)
        self._loading.failed.connect(self.failed)
        self._writing = Operation(background, self)
        self._writing.succeeded.connect(self._on_written)
        self._writing.failed.connect(self.failed)
        self._switching = Operation(background, self)
        self._switching.succeeded.connect(self._on_switched)
        self._switching.failed.connect(self.failed)

    def set_environment(self, environment: Environment) -> None:
        """Turn to another environment and read its facts."""
        self.environment = environment
        self.refresh()

    def refresh(self) -> None:
        """Read the facts again; `loaded` brings them."""
        if self.environment is not None:
            self._loading.run(partial(_facts, self._settings, self.environment.name))

    def choose_theme(self, theme: str) -> None:
        """Switch now and keep the choice."""
        self.theme_chosen.emit(theme)
        self._write(partial(self._settings.set_theme, theme), "")

    def set_provider_mode(self, provider: str, mode: ProviderMode) -> None:
        """Send a provider's calls to the simulator or to the real service from the next deployment on."""
        if self.environment is not None:
            self._sentence = f"{provider} will be {mode.value} from the next deployment on."
            call = partial(self._settings.set_provider_mode, self.environment.name, provider, mode)
            self._switching.run(call)

    def set_credential(self, name: str, value: str) -> None:
        """Keep a credential; the value goes to the store and nowhere else."""
        if self.environment is not None:
            call = partial(self._settings.set_credential, self.environment.name, name, value)
            self._write(call, f"The credential {name} is kept.")

    def forget_credential(self, name: str) -> None:
        """Remove a credential."""
        if self.environment is not None:
            call = partial(self._settings.forget_credential, self.environment.name, name)
            self._write(call, f"The credential {name} is removed.")

    def _write(self, call: Callable[[], object], sentence: str) -> None:
        self._sentence = sentence
        self._writing.run(call)

    @Slot(object)
    def _on_written(self, _nothing: object) -> None:
        if self._sentence:
            self.done.emit(self._sentence)
            self.refresh()

    @Slot(object)
    def _on_switched(self, _nothing: object) -> None:
        self.done.emit(self._sentence)
        self.profile_changed.emit()


def _facts(settings: SettingsPort, environment: str) -> SettingsFacts:
    credentials = tuple(settings.provider_credentials(environment))
    return SettingsFacts(credentials, settings.secret_store(), settings.home())
