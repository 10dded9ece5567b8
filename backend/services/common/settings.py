"""Settings that every service shares: environment variables, and one file a secret."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

SECRETS_DIR_VARIABLE = "SONGNODES_SECRETS_DIR"
_PREFIX = "SONGNODES_"


class ServiceSettings(BaseSettings):
    """Read from `SONGNODES_*` variables; secrets from files named like the field in `SONGNODES_SECRETS_DIR`.

    An environment variable wins over a secret file. Secrets never show in the repr.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    release: str = "development"
    environment: str = "sandbox"
    log_level: str = "INFO"
    database_host: str = "127.0.0.1"
    database_port: int = Field(default=5433, ge=1, le=65535)
    database_name: str = "musicdb"
    database_user: str = "musicdb_user"
    operations_database: str = "songnodes_operations"
    database_password: SecretStr | None = None
    admin_token: SecretStr | None = None
    amqp_url: SecretStr | None = None
    """RabbitMQ, such as `amqp://user:password@host:5672/`; none: the queues are in the database."""

    amqp_management_url: SecretStr | None = None
    """RabbitMQ's management API, such as `http://user:password@host:15672`, to find unsafe policies."""

    @field_validator("amqp_url")
    @classmethod
    def _amqp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("amqp://", "amqps://")):
            raise ValueError("the address of RabbitMQ begins with amqp:// or amqps://")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - part of the overridden signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - replaced: it would want the prefix
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then secret files, whose names carry no prefix."""
        folder = os.environ.get(SECRETS_DIR_VARIABLE)
        if not folder:
            return init_settings, env_settings
        if not Path(folder).is_dir():
            raise ValueError(f"{SECRETS_DIR_VARIABLE} names {folder}, which is not a folder")
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, folder, env_prefix="")

    def connect_arguments(self, database: str | None = None) -> dict[str, Any]:
        """Keyword arguments of a psycopg connection to `database` (default: the music database).

        Kept as arguments, not as one conninfo text, so that no text with the password in it exists.
        """
        arguments: dict[str, Any] = {
            "host": self.database_host,
            "port": self.database_port,
            "dbname": database or self.database_name,
            "user": self.database_user,
            "connect_timeout": 3,
        }
        if self.database_password is not None:
            arguments["password"] = self.database_password.get_secret_value()
        return arguments

    def secret_values(self) -> tuple[str, ...]:
        """Every secret these settings hold, for the redaction of logs and errors."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def named_secrets(names: Iterable[str]) -> dict[str, SecretStr]:
    """Secrets that are no field of the settings, read as those are; names without a value are left out."""
    found = {name: _named_secret(name) for name in names}
    return {name: SecretStr(value) for name, value in found.items() if value}


def _named_secret(name: str) -> str | None:
    given, folder = os.environ.get(f"{_PREFIX}{name.upper()}"), os.environ.get(SECRETS_DIR_VARIABLE)
    if given or not folder:
        return given
    file = Path(folder) / name
    return file.read_text(encoding="utf-8").strip() if file.is_file() else None
