"""Starts the metadata-enrichment service, or a worker of it.

`python -m backend.services.metadata_enrichment` serves; with the word `worker` behind it the process only
consumes the queue: any number of them, on any number of machines.
"""

import sys
from collections.abc import Sequence

from backend.contracts.environment import ENRICHMENT
from backend.services.common.server import serve
from backend.services.common.telemetry import configure_telemetry
from backend.services.metadata_enrichment.app import create_app, create_worker_app
from backend.services.metadata_enrichment.settings import EnrichmentSettings

_WORKER = "worker"


def main(words: Sequence[str]) -> None:
    """Read the settings, then serve or work until told to stop."""
    if words not in ([], [_WORKER]):
        sys.exit(f"The only word known here is '{_WORKER}'. Without one this is the service.")
    settings = EnrichmentSettings()
    configure_telemetry(ENRICHMENT, settings)
    if not words:
        serve(create_app(settings), settings.host, settings.port)
    elif settings.worker_concurrency:
        serve(create_worker_app(settings), settings.host, settings.worker_port)
    else:
        sys.exit("A worker with SONGNODES_WORKER_CONCURRENCY=0 would do nothing. Give it at least 1.")


if __name__ == "__main__":
    main(sys.argv[1:])
