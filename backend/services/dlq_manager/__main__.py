"""Starts the dead-letter manager: `python -m backend.services.dlq_manager`."""

from backend.contracts.environment import DLQ_MANAGER
from backend.services.common.server import serve
from backend.services.common.telemetry import configure_telemetry
from backend.services.dlq_manager.app import create_app
from backend.services.dlq_manager.settings import DlqSettings


def main() -> None:
    """Read the settings, then serve until told to stop."""
    settings = DlqSettings()
    configure_telemetry(DLQ_MANAGER, settings)
    app = create_app(settings)
    serve(app, settings.host, settings.port, app.state.end_streams)


if __name__ == "__main__":
    main()
