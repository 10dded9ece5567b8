"""The environment variables that a stack's processes are started with. No secret is among them."""

from pathlib import Path

from backend.contracts.environment import (
    DLQ_MANAGER,
    ENRICHMENT,
    GATEWAY,
    PROVIDER_SIMULATOR,
    PROVIDERS,
    Environment,
    ProviderMode,
    Tier,
)

OPERATIONS_DATABASE = "songnodes_operations"


def service_variables(
    environment: Environment, service: str, release_id: str, secrets: Path
) -> dict[str, str]:
    """Settings of one service, as `backend.services.common.settings` reads them."""
    simulated = [p for p in PROVIDERS if environment.provider_mode(p) is ProviderMode.SIMULATED]
    variables = {
        "HOST": environment.host,
        "PORT": str(environment.port(service)),
        "RELEASE": release_id,
        "ENVIRONMENT": environment.name,
        "SECRETS_DIR": str(secrets),
        "DATABASE_HOST": environment.host,
        "DATABASE_PORT": str(environment.ports.postgres),
        "DATABASE_NAME": environment.database,
        "DATABASE_USER": environment.database_user,
        "OPERATIONS_DATABASE": OPERATIONS_DATABASE,
        "LOG_LEVEL": "info",
    }
    if service == GATEWAY:
        variables["SIMULATOR_URL"] = environment.url(PROVIDER_SIMULATOR)
        variables["SIMULATED_PROVIDERS"] = ",".join(simulated)
    if service in {DLQ_MANAGER, ENRICHMENT}:
        variables["GATEWAY_URL"] = environment.url(GATEWAY)
    if service == DLQ_MANAGER and environment.tier is Tier.DEV and set(simulated) == set(PROVIDERS):
        variables["SANDBOX"] = "true"
    return {f"SONGNODES_{name}": value for name, value in variables.items()}
