"""What docker-compose.yml calls its parts."""

from backend.contracts.environment import DLQ_MANAGER, ENRICHMENT, GATEWAY, PROVIDER_SIMULATOR

WORKER = "enrichment-worker"
REDIS = "redis"
RABBITMQ = "rabbitmq"
PROMETHEUS = "prometheus"
ALERTMANAGER = "alertmanager"
GRAFANA = "grafana"

RELEASE_VARIABLES = {
    GATEWAY: "API_GATEWAY_RELEASE",
    DLQ_MANAGER: "DLQ_MANAGER_RELEASE",
    ENRICHMENT: "METADATA_ENRICHMENT_RELEASE",
    WORKER: "ENRICHMENT_WORKER_RELEASE",
    PROVIDER_SIMULATOR: "PROVIDER_SIMULATOR_RELEASE",
}
"""The variable in `.env` that says which tag of its image a service runs on."""


def repository(service: str) -> str:
    """Name of a service's image, without its tag."""
    return f"songnodes/{service}"
