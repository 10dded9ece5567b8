"""Starts the metadata-enrichment service: `python -m backend.services.metadata_enrichment`."""

from backend.contracts.environment import ENRICHMENT
from backend.services.common.server import serve
from backend.services.common.telemetry import configure_telemetry
from backend.services.metadata_enrichment.app import create_app
from backend.services.metadata_enrichment.settings import EnrichmentSettings


def main() -> None:
    """Read the settings, then serve until told to stop."""
    settings = EnrichmentSettings()
    configure_telemetry(ENRICHMENT, settings)
    serve(create_app(settings), settings.host, settings.port)


if __name__ == "__main__":
    main()
