"""Registration, adapter and simulator counterpart of every provider agree."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from backend.contracts.environment import PROVIDERS
from backend.contracts.gateway import Outcome, SearchRequest
from backend.contracts.provider_registry import REGISTRATIONS, Registration, WithoutAccount
from backend.sandbox.app import create_app
from backend.services.api_gateway import providers
from backend.services.api_gateway.providers.adapter import ProviderRequest, Reply
from backend.services.api_gateway.providers.building import build_adapters, builder
from backend.services.api_gateway.providers.connection import Connection
from backend.services.api_gateway.settings import GatewaySettings

IDENTIFIERS = ("00000000-0000-0000-0000-000000000000", "1", "1-A1", "0" * 22)
"""One of every provider's form."""
BY_NAME = pytest.mark.parametrize("registration", REGISTRATIONS, ids=lambda each: each.name)


def live(registration: Registration, credentials: dict[str, SecretStr]) -> Connection:
    """The connection of a live provider, with the credentials given."""
    return Connection("tests", lambda: 0.0, None, credentials)


def every_credential(registration: Registration) -> dict[str, SecretStr]:
    return {credential.name: SecretStr("sentinel") for credential in registration.credentials}


def test_every_adapter_file_is_registered_and_the_other_way_round() -> None:
    files = Path(providers.__path__[0]).glob("*.py")
    adapters = {file.stem for file in files if "def build(connection:" in file.read_text(encoding="utf-8")}
    assert adapters == set(PROVIDERS)


@BY_NAME
def test_the_adapter_is_named_as_registered_and_content_with_the_registered_credentials(
    registration: Registration,
) -> None:
    adapter = builder(registration.name)(live(registration, every_credential(registration)))
    assert adapter.name == registration.name
    assert adapter.missing_credentials == ""


@BY_NAME
def test_what_works_without_an_account_is_what_the_adapter_says(registration: Registration) -> None:
    adapter = builder(registration.name)(live(registration, {}))
    wants_some = registration.without_account is not WithoutAccount.EVERYTHING
    assert bool(adapter.missing_credentials) is wants_some
    assert bool(registration.credentials) is wants_some


@BY_NAME
def test_the_simulator_speaks_for_it(registration: Registration) -> None:
    paths = create_app([]).openapi()["paths"]
    assert any(path.startswith(f"/{registration.name}/") for path in paths)


async def test_a_simulated_adapter_calls_the_simulator_only_and_needs_no_credentials() -> None:
    settings = GatewaySettings(port=8022, simulator_url="http://simulator.invalid/")
    asked: list[str] = []

    async def call(request: ProviderRequest) -> Reply:
        asked.append(request.url)
        return Reply(Outcome.NOT_FOUND)

    for adapter in build_adapters(settings, lambda: 0.0):
        assert adapter.missing_credentials == ""
        await adapter.search(SearchRequest(artist_name="deadmau5", track_title="Strobe"), call)
        for identifier in IDENTIFIERS:
            await adapter.track(identifier, call)
        assert asked
        assert all(url.startswith(f"http://simulator.invalid/{adapter.name}/") for url in asked)
        asked.clear()


def test_credentials_come_from_variable_or_file_and_are_known_to_the_redaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "discogs_token").write_text("sentinel-file\n")
    (tmp_path / "spotify_client_id").write_text("")
    monkeypatch.setenv("SONGNODES_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("SONGNODES_SPOTIFY_CLIENT_SECRET", "sentinel-variable")
    settings = GatewaySettings(port=8022)
    assert {name: value.get_secret_value() for name, value in settings.credentials.items()} == {
        "discogs_token": "sentinel-file",
        "spotify_client_secret": "sentinel-variable",
    }
    assert set(settings.secret_values()) == {"sentinel-file", "sentinel-variable"}
    assert "sentinel" not in repr(settings)
