"""The stack of docker-compose.yml on a test engine: its ports, its secrets, its databases."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.contracts.environment import PROVIDERS
from backend.database.address import DatabaseAddress
from backend.database.migrations.runner import MigrationRunner
from backend.http import httpx
from tests.fixtures.docker_engine import DockerEngine
from tests.fixtures.docker_stand_ins import ROOT
from tests.fixtures.postgres import free_port

RELEASE = "2026.01.31-1"
OWN_IMAGES = (
    "api-gateway-internal",
    "dlq-manager",
    "metadata-enrichment",
    "enrichment-worker",
    "provider-simulator",
)
STARTED = ("postgres", "redis", "rabbitmq", "prometheus", "alertmanager", *OWN_IMAGES)
"""Everything but Grafana, for which there is no stand-in: what is provisioned for it is checked as data."""

_PORTS = (
    "GATEWAY",
    "DLQ_MANAGER",
    "ENRICHMENT",
    "POSTGRES",
    "PROMETHEUS",
    "ALERTMANAGER",
    "GRAFANA",
    "SIMULATOR",
)
_RELEASES = ("API_GATEWAY", "DLQ_MANAGER", "METADATA_ENRICHMENT", "ENRICHMENT_WORKER", "PROVIDER_SIMULATOR")


@dataclass(frozen=True)
class ComposeStack:
    """Runs Compose with one set of variables."""

    engine: DockerEngine
    variables: Mapping[str, str]

    @classmethod
    def new(cls, engine: DockerEngine, secrets: Path) -> "ComposeStack":
        """With secrets made in `secrets`, free ports, and every provider simulated."""
        engine.run(str(ROOT / "scripts" / "create_secrets.sh"), str(secrets))
        variables = {
            "COMPOSE_PROJECT_NAME": "songnodes",
            "SECRETS_DIR": str(secrets),
            "SIMULATED_PROVIDERS": ",".join(PROVIDERS),
            "REVISION": "0123456789ab",
            "CREATED": "2026-01-31T00:00:00Z",
            **{f"{name}_PORT": str(free_port()) for name in _PORTS},
            **{f"{name}_RELEASE": RELEASE for name in _RELEASES},
        }
        return cls(engine, variables)

    def compose(self, *words: str) -> str:
        """Standard output of `docker compose --profile simulated WORDS`."""
        command = (*self.engine.compose, "--profile", "simulated", *words)
        return self.engine.run(*command, variables=self.variables).stdout

    def execute(self, *words: str) -> str:
        """Output of `docker exec WORDS`, exactly as the playbook has them."""
        return self.engine.run("docker", "exec", *words).stdout

    def url(self, name: str, path: str) -> str:
        """The address at the published port `name` (such as GATEWAY)."""
        return f"http://127.0.0.1:{self.variables[f'{name}_PORT']}{path}"

    def get(self, name: str, path: str) -> httpx.Response:
        return httpx.get(self.url(name, path), timeout=10)

    def health(self, container: str) -> str:
        """Docker's own verdict: starting, healthy, unhealthy."""
        return str(self.inspect(container)["State"]["Health"]["Status"])

    def inspect(self, container: str) -> dict[str, Any]:
        found = json.loads(self.engine.run("docker", "inspect", container).stdout)
        return dict(found[0])

    def secret(self, name: str) -> str:
        return (Path(self.variables["SECRETS_DIR"]) / name).read_text()

    def database(self, name: str) -> DatabaseAddress:
        """A database at the published port."""
        port = int(self.variables["POSTGRES_PORT"])
        return DatabaseAddress("127.0.0.1", port, name, "musicdb_user", self.secret("database_password"))

    def migrate(self) -> None:
        """Apply both sets of migrations, from the host."""
        for folder, name in (("medallion", "musicdb"), ("operations", "songnodes_operations")):
            runner = MigrationRunner(self.database(name), ROOT / "resources" / "migrations" / folder)
            runner.apply(run="docker-tests", applied_by="tests", progress=_ignore)


def _ignore(_text: str) -> None:
    """Nobody reads the progress."""
