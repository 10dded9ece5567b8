"""Settings: environment, secret files, and what never shows."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from backend.messaging.postgres import PostgresBroker
from backend.messaging.rabbitmq import RabbitBroker
from backend.services.common.broker import make_broker
from backend.services.common.database import Database
from backend.services.common.settings import ServiceSettings


class Settings(ServiceSettings):
    port: int = 8999
    provider_key: SecretStr | None = None


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SONGNODES_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_variables_carry_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONGNODES_PORT", "1234")
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("SONGNODES_SOMETHING_ELSE", "is ignored")
    assert Settings().port == 1234


def test_secret_files_do_not_and_their_line_end_is_cut(tmp_path: Path) -> None:
    (tmp_path / "database_password").write_text("sentinel-password\n")
    (tmp_path / "provider_key").write_text("sentinel-key")
    settings = Settings()
    assert settings.database_password is not None
    assert settings.database_password.get_secret_value() == "sentinel-password"
    assert set(settings.secret_values()) == {"sentinel-password", "sentinel-key"}


def test_a_variable_wins_over_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "admin_token").write_text("from-the-file")
    monkeypatch.setenv("SONGNODES_ADMIN_TOKEN", "from-the-variable")
    assert Settings().secret_values() == ("from-the-variable",)


def test_no_secret_shows_in_a_repr_or_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "database_password").write_text("sentinel-password")
    assert "sentinel" not in repr(Settings()) + str(Settings())
    monkeypatch.setenv("SONGNODES_PORT", "none")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "sentinel" not in str(caught.value)


def test_connect_arguments_name_the_database(tmp_path: Path) -> None:
    (tmp_path / "database_password").write_text("sentinel-password")
    arguments = Settings().connect_arguments("songnodes_operations")
    assert arguments["dbname"] == "songnodes_operations"
    assert arguments["password"] == "sentinel-password"
    assert "password" not in Settings(database_password=None).connect_arguments()


def test_a_secrets_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SONGNODES_SECRETS_DIR", str(tmp_path / "missing"))
    with pytest.raises(ValueError, match="missing, which is not a folder"):
        Settings()


@pytest.mark.parametrize(
    ("url", "kind"), [(None, PostgresBroker), ("amqps://user:sentinel@rabbit.example/", RabbitBroker)]
)
def test_the_address_of_rabbitmq_decides_on_the_broker(url: str | None, kind: type[object]) -> None:
    pool = Database({}, name="tests").pool
    settings = Settings(amqp_url=SecretStr(url) if url else None)
    assert isinstance(make_broker(settings, pool, name="tests"), kind)
    assert "sentinel" not in repr(settings)


def test_an_address_that_is_none_of_rabbitmq_is_refused() -> None:
    with pytest.raises(ValidationError, match="begins with amqp"):
        Settings(amqp_url=SecretStr("http://rabbit.example"))
