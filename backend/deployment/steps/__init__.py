"""The ten steps of a deployment, one file each; `deployment_steps` gives them in order."""

from collections.abc import Mapping

from backend.deployment.context import Step
from backend.deployment.steps.backup import BackupStep
from backend.deployment.steps.build import BuildStep
from backend.deployment.steps.health import HealthStep
from backend.deployment.steps.migrate import MigrateStep
from backend.deployment.steps.monitoring import MonitoringStep
from backend.deployment.steps.services import NewServicesStep, UpdateServicesStep
from backend.deployment.steps.smoke import SmokeStep
from backend.deployment.steps.validate import ValidateStep


def deployment_steps() -> Mapping[str, Step]:
    """Steps 1 to 9 by key, in order. Step 10, the watch, runs after the lock is given back."""
    steps: tuple[Step, ...] = (
        ValidateStep(),
        BackupStep(),
        MigrateStep(),
        BuildStep(),
        NewServicesStep(),
        UpdateServicesStep(),
        HealthStep(),
        SmokeStep(),
        MonitoringStep(),
    )
    return {step.key: step for step in steps}
