"""The command of pipelines: JSON lines only, artifacts in every case, an outcome that no webhook changes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.composition import SOURCE
from tests.conftest import MIGRATIONS
from tests.fixtures.sandbox import Sandbox

pytestmark = pytest.mark.stack


def _ci_deploy(sandbox: Sandbox, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(SOURCE / "main.py"), "ci-deploy", "--environment", "sandbox", "--notify"],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={
            **os.environ,
            "SONGNODES_HOME": str(sandbox.home.root),
            "CI_BUILD_ID": "build-7",
            "CI_ARTIFACT_DIR": str(folder),
            **variables,
        },
    )


def test_a_pipeline_deploys_and_keeps_its_artifacts(deployed: Sandbox, tmp_path: Path) -> None:
    dead = "http://127.0.0.1:9/sentinel-secret"
    done = _ci_deploy(deployed, tmp_path, SLACK_WEBHOOK_URL=dead, PROMETHEUS_PUSHGATEWAY=dead)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    form = {"level", "message", "timestamp", "deployment_id", "environment", "data"}
    assert all(set(line) == form for line in lines)
    messages = [line["message"] for line in lines]
    assert "step backup done" in messages
    assert messages[0] == "Deployment started"
    assert messages[-1].startswith("Slack did not take the message")
    assert "Deployment succeeded" in messages
    assert "sentinel-secret" not in done.stdout + done.stderr
    receipt = json.loads(next(tmp_path.glob("run-*.json")).read_text())
    assert receipt["state"] == "succeeded"
    assert receipt["reason"] == "CI build build-7"
    assert json.loads((tmp_path / "health.json").read_text())
    applied = sum(1 for folder in (MIGRATIONS / "medallion").iterdir() if folder.is_dir())
    assert len(json.loads((tmp_path / "schema_migrations.json").read_text())) == applied
    assert (tmp_path / "logs" / "metadata-enrichment.log").stat().st_size > 0


def test_artifacts_that_cannot_be_kept_change_nothing(deployed: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = _ci_deploy(deployed, tmp_path / "file" / "artifacts")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    warnings = [line["message"] for line in lines if line["level"] == "warn"]
    assert any("artifacts could not be collected" in message for message in warnings)
    assert lines[-1]["message"] == "Deployment succeeded"
    assert done.stderr == ""
