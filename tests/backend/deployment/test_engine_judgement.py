"""Pure judgements of the engine: what ended a service, which run ends a watch, what an interruption left."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from backend.contracts.runs import DeployOptions, Plan, ProbeState, RunKind, RunState, StepState
from backend.contracts.stack import StackStatus
from backend.deployment import playbook
from backend.deployment.attention import problems
from backend.deployment.checks.schema import check_schema
from backend.deployment.context import RunContext
from backend.deployment.journal import Journal
from backend.deployment.recovery import recovery
from backend.deployment.steps.services import last_words
from backend.deployment.steps.validate import validate
from backend.deployment.watch import has_begun
from tests.backend.deployment.test_journal import _step
from tests.fixtures.sandbox import Sandbox, new_sandbox, tear_down
from tests.waiting import wait_until


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    found = new_sandbox(tmp_path_factory.mktemp("home"))
    yield found
    tear_down(found)


@pytest.fixture
def journal(sandbox: Sandbox) -> Journal:
    return sandbox.composition.journal


def _begin(journal: Journal, kind: RunKind = RunKind.DEPLOY) -> str:
    steps = tuple(_step(text.key, text.number) for text in playbook.STEPS)
    plan = Plan(kind=kind, environment="sandbox", release="r1", steps=steps)
    journal.create_run("run-1", plan, DeployOptions(), operator="ann", host="box")
    return "run-1"


def test_last_words_are_the_error_and_not_the_shutdown() -> None:
    error = {
        "level": "error",
        "event": "bind failed",
        "exception": [{"exc_type": "OSError", "exc_value": "in use"}],
    }
    bye = {"level": "info", "event": "shut down"}
    assert last_words([json.dumps(error), json.dumps(bye), ""]) == "bind failed (OSError: in use)"
    assert (
        last_words(["Traceback (most recent call last):", "  x", "ValueError: no port"])
        == "ValueError: no port"
    )
    assert last_words(["first", "broken on purpose", ""]) == "broken on purpose"
    assert last_words([]) == ""


@pytest.mark.parametrize("state", [RunState.PREPARING, RunState.LOCKED, RunState.REFUSED])
def test_a_run_that_changed_nothing_has_not_begun(
    sandbox: Sandbox, journal: Journal, state: RunState
) -> None:
    run_id = _begin(journal)
    journal.start_step(run_id, playbook.VALIDATE)
    journal.set_run(run_id, state)
    run = sandbox.composition.reader.run(run_id).model_copy(update={"state": state})
    assert not has_begun(run)


def test_a_run_has_begun_once_it_is_behind_its_validation(sandbox: Sandbox, journal: Journal) -> None:
    run_id = _begin(journal)
    journal.set_run(run_id, RunState.RUNNING)
    journal.start_step(run_id, playbook.VALIDATE)
    assert not has_begun(sandbox.composition.reader.run(run_id))
    journal.start_step(run_id, playbook.BACKUP)
    assert has_begun(sandbox.composition.reader.run(run_id))


def test_recovery_tells_what_was_at_work_and_what_was_never_reached(
    sandbox: Sandbox, journal: Journal
) -> None:
    run_id = _begin(journal)
    journal.set_run(run_id, RunState.RUNNING)
    journal.start_step(run_id, playbook.VALIDATE)
    journal.finish_step(run_id, playbook.VALIDATE, StepState.DONE, "")
    journal.start_step(run_id, playbook.BACKUP)
    composition = sandbox.composition
    run = composition.reader.run(run_id)
    context = RunContext(run_id, sandbox.target, "r1", journal, composition.reader, "ann", DeployOptions())
    found = recovery(context, run)
    states = {step.key: step.found for step in found.steps}
    assert states[playbook.BACKUP] is ProbeState.UNKNOWN
    assert {states[key] for key in (playbook.MIGRATE, playbook.BUILD, playbook.NEW_SERVICES)} == {
        ProbeState.ABSENT
    }
    assert "Done: Validate." in found.summary
    assert "Half done or not known: Backup." in found.summary


def test_a_resumed_step_is_timed_from_its_resumption(sandbox: Sandbox, journal: Journal) -> None:
    run_id = _begin(journal)
    journal.start_step(run_id, playbook.BACKUP)
    first = sandbox.composition.reader.run(run_id).steps[1].started_at
    assert first is not None
    wait_until(lambda: datetime.now(UTC) > first)
    journal.start_step(run_id, playbook.BACKUP)
    again = sandbox.composition.reader.run(run_id).steps[1].started_at
    assert again is not None
    assert again > first


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (RunState.FAILED, "The last deployment failed"),
        (RunState.ROLLBACK_FAILED, "The last deployment failed, and its rollback too"),
        (RunState.INCONCLUSIVE, "The last deployment was inconclusive"),
    ],
)
def test_attention_names_the_failure_once(
    sandbox: Sandbox, journal: Journal, state: RunState, title: str
) -> None:
    journal.set_run(_begin(journal), state, "why", exit_code=1)
    status = StackStatus(environment="sandbox", measured_at=datetime.now(UTC), deployed=False)
    assert [found.title for found in problems(status, sandbox.composition.reader)] == [title]


def test_schema_and_its_agreement_are_judged(sandbox: Sandbox) -> None:
    """One real server of the sandbox's own; no deployment is needed to look at a schema."""
    *_, before, newest = sorted(
        folder.name[:3] for folder in sandbox.target.migrations("medallion").iterdir() if folder.is_dir()
    )
    sandbox.target.prepare(lambda _source, _text: None)
    assert check_schema(sandbox.target).evidence.startswith("no schema")
    done = sandbox.command("migrate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert check_schema(sandbox.target).evidence == f"schema {newest}"
    with sandbox.musicdb.connect(autocommit=True) as connection:
        connection.execute(
            "UPDATE schema_migrations SET rolled_back_at = now() WHERE migration_name > %s", (newest,)
        )
    assert check_schema(sandbox.target).evidence == f"schema {before} of {newest}"
    with sandbox.musicdb.connect(autocommit=True) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = repeat('0', 64)")
    refused = [found for found in validate(sandbox.target) if found.key == "migrations-medallion"]
    assert "was edited after it was applied" in refused[0].evidence
