from pathlib import Path

import pytest

from app.environments import Environments
from backend.contracts.environment import ProviderMode, TargetKind, Tier
from backend.contracts.errors import OperatorError
from backend.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def _write(home: Home, name: str, text: str) -> None:
    home.profiles.mkdir(parents=True, exist_ok=True)
    (home.profiles / f"{name}.toml").write_text(text)


def test_the_sandbox_exists_without_a_file(home: Home) -> None:
    sandbox = Environments(home).get("sandbox")
    assert (sandbox.kind, sandbox.tier, sandbox.default_watch_minutes) == (TargetKind.LOCAL, Tier.DEV, 0)
    ports = sandbox.ports
    assert (ports.gateway, ports.enrichment, ports.dlq_manager) == (8022, 8020, 8021)
    assert not home.profiles.exists()


def test_staging_and_production_watch_for_half_an_hour(home: Home) -> None:
    _write(home, "stage", "tier = 'staging'\n")
    _write(home, "prod", "tier = 'production'\n")
    environments = Environments(home)
    assert environments.names() == ["sandbox", "prod", "stage"]
    assert environments.get("stage").default_watch_minutes == 30
    assert environments.get("prod").default_watch_minutes == 30


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tier = 'huge'", "tier"),
        ("[ports]\ngateway = 70000", "ports.gateway"),
        ("[ports]\ngateway = 9000\nenrichment = 9000", "port 9000"),
        ("colour = 'red'", "colour"),
        ("[ports", "TOML"),
    ],
)
def test_a_broken_profile_names_the_entry_and_the_file(home: Home, text: str, named: str) -> None:
    _write(home, "broken", text)
    with pytest.raises(OperatorError) as caught:
        Environments(home).get("broken")
    assert named in caught.value.message
    assert "broken.toml" in caught.value.remedy


def test_a_broken_profile_does_not_hide_the_others(home: Home) -> None:
    _write(home, "broken", "tier = 'huge'")
    _write(home, "stage", "tier = 'staging'")
    environments = Environments(home)
    assert [e.name for e in environments.usable()] == ["sandbox", "stage"]
    assert list(environments.broken()) == ["broken"]


def test_changing_a_provider_keeps_the_rest_of_the_file(home: Home) -> None:
    _write(home, "sandbox", "# mine\ntier = 'dev'\n")
    environments = Environments(home)
    environments.set_provider_mode("sandbox", "deezer", ProviderMode.LIVE)
    text = (home.profiles / "sandbox.toml").read_text()
    assert "# mine" in text
    sandbox = environments.get("sandbox")
    assert sandbox.provider_mode("deezer") is ProviderMode.LIVE
    assert sandbox.provider_mode("spotify") is ProviderMode.SIMULATED
