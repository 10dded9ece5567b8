"""The stack's `.env` and secret files: made when they are missing, kept in step with the profile."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from backend.contracts.environment import PROVIDERS, Environment, ProviderMode, Tier
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.secret_files import SecretFiles
from backend.targets.compose.variables import StackVariables
from backend.targets.port import Output

_UNNAMED = "compose"
"""ENVIRONMENT_NAME of a stack that was started by hand, from the example."""
_SECRETS_SCRIPT = Path("scripts") / "create_secrets.sh"


class StackSettings:
    """What the containers of one environment are told; `folder` has docker-compose.yml."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self.variables = StackVariables(folder / ".env", folder / ".env.example")

    def secrets(self) -> SecretFiles:
        """The secret files, where `.env` says they are."""
        named = Path(self.variables.all().get("SECRETS_DIR", "./secrets"))
        return SecretFiles(named if named.is_absolute() else self._folder / named)

    def wanted(self) -> Mapping[str, str]:
        """The variables that the profile decides; everything else in `.env` is its owner's."""
        ports = self._environment.ports
        providers = [p for p in PROVIDERS if self._environment.provider_mode(p) is ProviderMode.SIMULATED]
        sandbox = self._environment.tier is Tier.DEV and set(providers) == set(PROVIDERS)
        return {
            "COMPOSE_PROJECT_NAME": self._compose_project(),
            "ENVIRONMENT_NAME": self._environment.name,
            "GATEWAY_PORT": str(ports.gateway),
            "DLQ_MANAGER_PORT": str(ports.dlq_manager),
            "ENRICHMENT_PORT": str(ports.enrichment),
            "POSTGRES_PORT": str(ports.postgres),
            "PROMETHEUS_PORT": str(ports.prometheus),
            "GRAFANA_PORT": str(ports.grafana),
            "ALERTMANAGER_PORT": str(ports.alertmanager),
            "SIMULATOR_PORT": str(ports.simulator),
            "SIMULATED_PROVIDERS": ",".join(providers),
            "SANDBOX": "true" if sandbox else "false",
        }

    def ensure(self, output: Output) -> None:
        """Make `.env` and the secrets that are missing; set what the profile decides.

        Raises OperatorError, exit code "refused", when the secrets cannot be made, or the folder's stack is
        another environment's.
        """
        self._refuse_foreign()
        if self.variables.put(self.wanted()):
            output("settings", f"{self.variables.file} is as the profile {self._environment.name} wants it")
        script, folder = self._folder / _SECRETS_SCRIPT, self.secrets().folder
        done = subprocess.run(["bash", str(script), str(folder)], capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            output("settings", line)
        if done.returncode != 0:
            raise OperatorError(
                f"The secret files in {folder} could not be made: {done.stderr.strip() or done.returncode}",
                f"Mend that, or make them by hand: bash {script} {folder}. Nothing was deployed.",
                exit_code=ExitCode.REFUSED,
            )

    def _refuse_foreign(self) -> None:
        """Two profiles on one `.env` would take each other's ports and releases away."""
        name = self.variables.all().get("ENVIRONMENT_NAME", "")
        if self.variables.exists() and name not in ("", _UNNAMED, self._environment.name):
            raise OperatorError(
                f"{self.variables.file} belongs to the environment {name}. Nothing was changed.",
                f"Give {self._environment.name} a folder of its own (`folder` in the part [compose] of its "
                "profile); or, if the stack there is to be its own from now on, write its name into "
                "ENVIRONMENT_NAME.",
                exit_code=ExitCode.REFUSED,
            )

    def _compose_project(self) -> str:
        return self._environment.compose.project if self._environment.compose else "songnodes"
