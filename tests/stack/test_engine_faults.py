"""Faults around a deployment: a stranger on a port, a killed database, a stack stopped under it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from backend.contracts.environment import GATEWAY, POSTGRES, SERVICES
from backend.contracts.runs import Control, Criterion, CriterionState, RunState
from backend.contracts.stack import ServiceState
from backend.deployment import playbook
from tests.fixtures.sandbox import Sandbox
from tests.waiting import wait_until

pytestmark = pytest.mark.stack


class _Stranger(BaseHTTPRequestHandler):
    """Some other program that says it is healthy, too."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"status":"healthy"}')

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def _stranger_on(port: int) -> Iterator[None]:
    with HTTPServer(("127.0.0.1", port), _Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()


def _process(sandbox: Sandbox, service: str) -> int:
    process = next(s.process_id for s in sandbox.target.services() if s.name == service)
    assert process is not None
    return process


def test_a_deployment_goes_on_when_the_database_was_killed_and_is_back(deployed: Sandbox) -> None:
    before = deployed.newest_run().id
    postgres = _process(deployed, POSTGRES)
    with deployed.start("deploy", "--yes") as process:
        wait_until(lambda: deployed.newest_run().id != before)
        run_id = deployed.newest_run().id
        deployed.wait_for_step(run_id, playbook.BUILD)
        os.kill(postgres, signal.SIGKILL)
        out, err = process.communicate(timeout=180)
    assert process.returncode == 0, out + err
    assert deployed.run_state(run_id) is RunState.SUCCEEDED
    assert deployed.command("health", "--wait").returncode == 0


def test_the_stack_is_not_stopped_under_a_deployment(deployed: Sandbox) -> None:
    before = deployed.newest_run().id
    with deployed.start("deploy", "--yes") as process:
        wait_until(lambda: deployed.newest_run().id != before)
        run_id = deployed.newest_run().id
        down, up = deployed.command("down"), deployed.command("up")
        out, err = process.communicate(timeout=180)
    assert (down.returncode, up.returncode) == (3, 3), down.stderr + up.stderr
    assert run_id in down.stderr
    assert process.returncode == 0, out + err
    assert {s.name for s in deployed.target.services() if s.process_id} >= set(SERVICES)


def test_a_broken_release_is_told_in_its_own_words(deployed: Sandbox) -> None:
    done = deployed.deploy_broken()
    assert done.returncode == 1, done.stdout + done.stderr
    failed = next(s for s in deployed.newest_run().steps if s.plan.key == playbook.UPDATE_SERVICES)
    assert "this release is broken on purpose" in failed.message
    assert deployed.command("health", "--wait").returncode == 0


def test_an_edited_migration_is_refused_before_anything_is_changed(deployed: Sandbox) -> None:
    with deployed.musicdb.connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT id, checksum FROM schema_migrations")
        connection.execute("UPDATE schema_migrations SET checksum = repeat('0', 64) WHERE success")
    try:
        done = deployed.command("deploy", "--yes")
    finally:
        with deployed.musicdb.connect(autocommit=True) as connection:
            connection.execute(
                "UPDATE schema_migrations m SET checksum = kept.checksum FROM kept WHERE kept.id = m.id"
            )
            connection.execute("DROP TABLE kept")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "was edited after it was applied" in done.stdout + done.stderr
    assert deployed.newest_run().state is RunState.REFUSED


def test_a_watch_that_is_ended_early_leaves_no_criterion_open(deployed: Sandbox) -> None:
    started = deployed.command("deploy", "--yes", "--watch", "5")
    assert started.returncode == 0, started.stdout + started.stderr
    run_id = deployed.newest_run().id
    assert "1 of 1 probe tracks" in _criterion_when(deployed, run_id, "flow", "1 of 1").evidence
    assert deployed.command("runs", "stop", run_id).returncode == 0
    run = deployed.wait_for_end(run_id)
    assert run.state is RunState.SUCCEEDED
    assert [c.state for c in run.steps[-1].criteria] == [CriterionState.MET] * 4


def test_a_watched_deployment_can_be_stopped_and_rolled_back(deployed: Sandbox) -> None:
    before = {s.release for s in deployed.target.services() if s.name in SERVICES}
    assert deployed.command("deploy", "--yes", "--watch", "5").returncode == 0
    run_id = deployed.newest_run().id
    deployed.composition.runs().control(run_id, Control.STOP_AND_ROLL_BACK)
    run = deployed.wait_for_end(run_id)
    assert run.state is RunState.ROLLED_BACK, run.message
    assert {s.release for s in deployed.target.services() if s.name in SERVICES} == before
    assert deployed.command("health", "--wait").returncode == 0


def _criterion_when(sandbox: Sandbox, run_id: str, key: str, text: str) -> Criterion:
    def look() -> Criterion:
        watch = sandbox.composition.reader.run(run_id).steps[-1]
        return next(criterion for criterion in watch.criteria if criterion.key == key)

    wait_until(lambda: text in look().evidence, seconds=30)
    return look()


def test_a_stranger_on_the_gateways_port_is_not_the_gateway(deployed: Sandbox) -> None:
    deployed.target.supervisor.remove(GATEWAY)
    port = deployed.environment.port(GATEWAY)
    with _stranger_on(port):
        health = deployed.command("health", "--service", GATEWAY)
    assert health.returncode == 1, health.stdout
    assert f"another program answers on port {port}" in health.stdout
    status = deployed.composition.stack().status("sandbox")
    assert next(s.state for s in status.services if s.name == GATEWAY) is ServiceState.STOPPED
