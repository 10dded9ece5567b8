"""What `ci-deploy` keeps of a run for the pipeline: receipt, health, logs and the state of the schema."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.commands.ci_log import CiLog
from app.composition import Composition
from backend.clients.services import ServiceClient
from backend.contracts.environment import SERVICES
from backend.database.migrations.runner import MigrationStatus
from backend.deployment.checks import health
from backend.deployment.journal_reader import JournalReader
from backend.deployment.steps.migrate import medallion_runner
from backend.targets.port import Target


def collect(composition: Composition, environment: str, run_id: str, folder: Path, log: CiLog) -> None:
    """Keep everything that can be kept, however the run ended; what cannot is a `warn` line each."""
    with log.warns_only("The artifacts could not be collected"):
        target = composition.target(environment)
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        _keep(log, folder / f"run-{run_id}.json", lambda: _receipt(composition.reader, run_id))
        _keep(log, folder / "health.json", lambda: _health(target))
        _keep(log, folder / "schema_migrations.json", lambda: _migrations(target))
        _keep_logs(log, target, folder / "logs")
        log.write("info", "artifacts collected", folder=folder)


def _keep(log: CiLog, file: Path, make: Callable[[], Any]) -> None:
    with log.warns_only(f"{file.name} could not be kept"):
        file.write_text(json.dumps(make(), indent=2, default=str))


def _keep_logs(log: CiLog, target: Target, folder: Path) -> None:
    for service in SERVICES:
        with log.warns_only(f"The log of {service} could not be kept"):
            lines = target.last_log_lines(service, 2000)
            (folder / f"{service}.log").write_text("\n".join(lines) + "\n")


def _receipt(reader: JournalReader, run_id: str) -> dict[str, Any]:
    output = [line.model_dump(mode="json") for line in reader.output(run_id, limit=100_000)]
    return {**reader.run(run_id).model_dump(mode="json"), "output": output}


def _health(target: Target) -> list[dict[str, Any]]:
    with ServiceClient(target.environment, target.admin_token()) as client:
        return [finding.model_dump(mode="json") for finding in health.check(target, client)]


def _migrations(target: Target) -> list[dict[str, Any]]:
    return [_migration(status) for status in medallion_runner(target).status()]


def _migration(status: MigrationStatus) -> dict[str, Any]:
    record = asdict(status.record) if status.record else {}
    return {"migration": status.migration.name, "applied": status.applied, **record}
