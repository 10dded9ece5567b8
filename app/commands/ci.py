"""`ci-deploy`: a deployment without anybody at the keyboard, with artifacts and notifications."""

import json
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from app.composition import Composition
from app.environments import SANDBOX
from app.follow import Follower
from app.terminal import Terminal
from backend.clients.services import ServiceClient
from backend.contracts.environment import SERVICES
from backend.contracts.errors import OperatorError
from backend.contracts.runs import DeployOptions, ExitCode
from backend.database.migrations.runner import MigrationStatus
from backend.deployment.checks import health
from backend.deployment.notifications import Addresses, Message, notify, push_metrics
from backend.deployment.steps.migrate import medallion_runner
from backend.home import Home
from backend.targets.port import Target


class CiLog:
    """One JSON line an event: level, message, timestamp, deployment_id, environment, data."""

    def __init__(self, deployment_id: str, environment: str) -> None:
        self._constant = {"deployment_id": deployment_id, "environment": environment}

    def write(self, level: str, message: str, **data: Any) -> None:
        """Print one line."""
        line = {"level": level, "message": message, "timestamp": datetime.now(UTC).isoformat()}
        sys.stdout.write(json.dumps({**line, **self._constant, "data": data}, default=str) + "\n")
        sys.stdout.flush()


def ci_deploy(
    *,
    environment: Annotated[str | None, Parameter(help="Target; else CI_ENVIRONMENT, else sandbox.")] = None,
    notify_people: Annotated[
        bool, Parameter(name="--notify", negative="", help="Tell Slack and Discord.")
    ] = False,
    json_lines: Annotated[bool, Parameter(name="--json", negative="", help="Always on here.")] = True,
) -> int:
    """Deploy from a pipeline. Reads CI_BUILD_ID, CI_ARTIFACT_DIR and the webhooks from the environment."""
    del json_lines  # accepted like everywhere; this command prints nothing else
    name = environment or os.environ.get("CI_ENVIRONMENT") or SANDBOX
    build = os.environ.get("CI_BUILD_ID") or str(int(time.time()))
    log = CiLog(build, name)
    addresses = Addresses(
        slack=os.environ.get("SLACK_WEBHOOK_URL") if notify_people else None,
        discord=os.environ.get("DISCORD_WEBHOOK_URL") if notify_people else None,
        pushgateway=os.environ.get("PROMETHEUS_PUSHGATEWAY"),
    )
    started = time.monotonic()
    _tell(log, addresses, Message("info", "Deployment started", "started", name, build))
    composition = Composition(Home.from_process_environment())
    try:
        code = _deploy(composition, name, log, build)
    except OperatorError as error:
        log.write("error", error.message, remedy=error.remedy)
        code = error.exit_code
    seconds = time.monotonic() - started
    for problem in push_metrics(addresses, name, seconds, code == ExitCode.DONE):
        log.write("warn", problem)
    _tell(log, addresses, _outcome(code, name, build, seconds))
    return code


def _deploy(composition: Composition, name: str, log: CiLog, build: str) -> int:
    profile = composition.environments.get(name)
    options = DeployOptions(watch_minutes=profile.default_watch_minutes, reason=f"CI build {build}")
    run_id = composition.runs().start_deploy(name, options)
    log.write("info", "run started", run=run_id)
    try:
        code = Follower(composition.reader, Terminal(as_json=True)).follow(run_id)
    finally:
        folder = Path(os.environ.get("CI_ARTIFACT_DIR") or "artifacts").absolute()
        _collect(composition, composition.target(name), run_id, folder)
        log.write("info", "artifacts collected", folder=folder)
    return code


def _collect(composition: Composition, target: Target, run_id: str, folder: Path) -> None:
    """Keep receipt, health, logs and the last migrations, however the run ended."""
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    receipt = composition.reader.run(run_id).model_dump(mode="json")
    receipt["output"] = [o.model_dump(mode="json") for o in composition.reader.output(run_id, limit=100_000)]
    (folder / f"run-{run_id}.json").write_text(json.dumps(receipt, indent=2))
    for service in SERVICES:
        lines = target.last_log_lines(service, 2000)
        (folder / "logs" / f"{service}.log").write_text("\n".join(lines) + "\n")
    with ServiceClient(target.environment, target.admin_token()) as client:
        findings = [f.model_dump(mode="json") for f in health.check(target, client)]
    (folder / "health.json").write_text(json.dumps(findings, indent=2))
    try:
        rows = [_migration(status) for status in medallion_runner(target).status()]
    except OperatorError as error:
        rows = [{"error": error.message}]
    (folder / "schema_migrations.json").write_text(json.dumps(rows, indent=2, default=str))


def _migration(status: MigrationStatus) -> dict[str, Any]:
    record = asdict(status.record) if status.record else {}
    return {"migration": status.migration.name, "applied": status.applied, **record}


def _tell(log: CiLog, addresses: Addresses, message: Message) -> None:
    log.write("error" if message.status == "failure" else "info", message.title, text=message.text)
    for problem in notify(addresses, message):
        log.write("warn", problem)


def _outcome(code: int, environment: str, build: str, seconds: float) -> Message:
    if code == ExitCode.DONE:
        return Message("success", "Deployment succeeded", f"after {seconds:.0f} s", environment, build)
    if code == ExitCode.ROLLBACK_FAILED:
        text = "The deployment failed and its rollback failed too. Somebody has to look now."
        return Message("failure", "Rollback failed", text, environment, build)
    texts = {
        ExitCode.FAILED: "The deployment failed; what had to be rolled back was rolled back.",
        ExitCode.LOCKED: "Another deployment holds the lock. Nothing was changed.",
        ExitCode.REFUSED: "The deployment was refused before anything changed.",
        ExitCode.INCONCLUSIVE: "The deployment could not be judged.",
    }
    return Message(
        "warning", "Deployment did not succeed", texts.get(code, f"exit {code}"), environment, build
    )
