"""What the settings screen shows and changes."""

from collections.abc import Callable, Sequence

from app.environments import Environments
from app.secrets import Secrets
from app.settings import ConsoleSettings
from app.write_access import WriteAccess
from backend.contracts.access import refuse_production
from backend.contracts.environment import Environment, ProviderMode
from backend.contracts.errors import OperatorError
from backend.contracts.provider_registry import REGISTRATIONS
from backend.home import Home
from backend.secret_files import SecretFiles


def make_settings(home: Home) -> "Settings":
    """The settings of the console in `home`."""

    def secrets(name: str) -> Secrets:
        return Secrets(name, SecretFiles(home.environment(name).secrets))

    return Settings(home, Environments(home), ConsoleSettings(home), secrets, WriteAccess(home).guard)


class Settings:
    """The settings port of the controllers."""

    def __init__(
        self,
        home: Home,
        environments: Environments,
        console: ConsoleSettings,
        secrets: Callable[[str], Secrets],
        guard: Callable[[Environment], None] = refuse_production,
    ) -> None:
        self._home = home
        self._environments = environments
        self._console = console
        self._secrets = secrets
        self._guard = guard

    def theme(self) -> str:
        """`dark`, `light` or `system`."""
        return self._console.theme()

    def set_theme(self, theme: str) -> None:
        """Keep the theme."""
        self._console.set_theme(theme)

    def set_provider_mode(self, environment: str, provider: str, mode: ProviderMode) -> None:
        """Send a provider's calls to the simulator or to the real service."""
        self._guard(self._environments.get(environment))
        self._environments.set_provider_mode(environment, provider, mode)

    def provider_credentials(self, environment: str) -> Sequence[tuple[str, str, bool]]:
        """(provider, credential name, whether one is kept)."""
        secrets = self._secrets(environment)
        return [
            (registration.name, credential.name, secrets.get(credential.name) is not None)
            for registration in REGISTRATIONS
            for credential in registration.credentials
        ]

    def set_credential(self, environment: str, name: str, value: str) -> None:
        """Keep a credential."""
        if not value.strip():
            raise OperatorError("The credential is empty.", "Paste it as the provider gave it to you.")
        self._secrets(environment).put(name, value.strip())

    def forget_credential(self, environment: str, name: str) -> None:
        """Remove a credential."""
        self._secrets(environment).forget(name)

    def secret_store(self) -> str:
        """Where secrets are kept, in words."""
        return self._secrets("sandbox").where()

    def home(self) -> str:
        """The folder that keeps everything."""
        return str(self._home.root)
