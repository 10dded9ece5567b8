"""Starts the provider simulator: `python -m backend.sandbox`."""

from backend.sandbox.app import create_app
from backend.sandbox.catalogue import load_catalogue
from backend.sandbox.settings import SimulatorSettings
from backend.services.common.server import serve
from backend.services.common.telemetry import configure_telemetry


def main() -> None:
    """Read the settings and the catalogue, then serve until told to stop."""
    settings = SimulatorSettings()
    configure_telemetry("provider-simulator", settings)
    recordings = load_catalogue(settings.catalogue)
    serve(create_app(recordings, settings.release), settings.host, settings.port)


if __name__ == "__main__":
    main()
