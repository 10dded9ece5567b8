"""Builds the adapters of the registered providers."""

from collections.abc import Callable
from importlib import import_module

from pydantic import SecretStr

from backend.contracts.provider_registry import REGISTRATIONS, Registration
from backend.services.api_gateway.providers.adapter import Adapter
from backend.services.api_gateway.providers.connection import Connection
from backend.services.api_gateway.settings import GatewaySettings

Build = Callable[[Connection], Adapter]

_PRACTICE = SecretStr("practice")
"""Credentials for the simulator, which takes any."""


def build_adapters(settings: GatewaySettings, clock: Callable[[], float]) -> list[Adapter]:
    """One adapter a registration, bound to the real provider or to the simulator, as the settings say."""
    return [builder(each.name)(_connection(each, settings, clock)) for each in REGISTRATIONS]


def builder(name: str) -> Build:
    """The `build` of the adapter module that is named like the provider.

    Found by its name, so that a new provider is one file and one registration; ModuleNotFoundError or
    AttributeError name the file that is missing or has none.
    """
    module = import_module(f"backend.services.api_gateway.providers.{name}")
    build: Build = module.build
    return build


def _connection(
    registration: Registration, settings: GatewaySettings, clock: Callable[[], float]
) -> Connection:
    names = [credential.name for credential in registration.credentials]
    if registration.name in settings.simulated_providers:
        practice = dict.fromkeys(names, _PRACTICE)
        return Connection(settings.user_agent, clock, settings.simulator_url.rstrip("/"), practice)
    known = {name: settings.credentials[name] for name in names if name in settings.credentials}
    return Connection(settings.user_agent, clock, None, known)
