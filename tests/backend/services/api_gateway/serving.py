"""The gateway's application for tests: over real HTTP, with real databases and the simulator behind it."""

from pydantic import SecretStr

from backend.database.address import DatabaseAddress
from backend.services.api_gateway.settings import GatewaySettings
from tests.fixtures.provider_simulator import SimulatorHandle

TOKEN = "sentinel-admin-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def settings_for(
    simulator: SimulatorHandle, musicdb: DatabaseAddress, operations: DatabaseAddress
) -> GatewaySettings:
    """Settings of a gateway over these databases."""
    return GatewaySettings(
        port=8022,
        release="r1",
        simulator_url=simulator.url,
        database_host=musicdb.host,
        database_port=musicdb.port,
        database_name=musicdb.name,
        database_user=musicdb.user,
        operations_database=operations.name,
        database_password=SecretStr(musicdb.password or ""),
        admin_token=SecretStr(TOKEN),
        retry_share=0,
    )
