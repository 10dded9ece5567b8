"""The application's settings for a test that serves it alone: no gateway, two real databases."""

from pydantic import SecretStr

from backend.database.address import DatabaseAddress
from backend.services.metadata_enrichment.settings import EnrichmentSettings
from tests.fixtures.postgres import free_port

TOKEN = "sentinel-admin-token"


def settings_for(music: DatabaseAddress, operations: str) -> EnrichmentSettings:
    """Settings; nothing listens where the gateway should be."""
    return EnrichmentSettings(
        admin_token=SecretStr(TOKEN),
        database_host=music.host,
        database_port=music.port,
        database_user=music.user,
        database_name=music.name,
        operations_database=operations,
        database_password=SecretStr(music.password or ""),
        gateway_url=f"http://127.0.0.1:{free_port()}",
    )
