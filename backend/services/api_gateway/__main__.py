"""Starts the API gateway: `python -m backend.services.api_gateway`."""

from backend.services.api_gateway.app import create_app
from backend.services.api_gateway.gateway import SERVICE
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.server import serve
from backend.services.common.telemetry import configure_telemetry


def main() -> None:
    """Read the settings, then serve until told to stop."""
    settings = GatewaySettings()
    configure_telemetry(SERVICE, settings)
    app = create_app(settings)
    serve(app, settings.host, settings.port, app.state.end_streams, app.state.protocol)


if __name__ == "__main__":
    main()
