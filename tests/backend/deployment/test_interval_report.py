"""The engine tells the dead-letter manager when it was at work, at once or as soon as that is there again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from backend.contracts.environment import Environment, Ports, TargetKind, Tier
from backend.contracts.runs import DeployOptions, Plan, RunKind, RunState, StepState
from backend.database.address import DatabaseAddress
from backend.deployment import playbook
from backend.deployment.context import RunContext
from backend.deployment.interval_report import IntervalReporter
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.home import Home
from backend.services.dlq_manager.app import create_app
from backend.targets.port import Target
from tests.backend.deployment.test_journal import _step
from tests.backend.services.dlq_manager.conftest import settings_for
from tests.backend.services.dlq_manager.manager import TOKEN
from tests.fixtures.postgres import free_port
from tests.fixtures.provider_simulator import serving


@dataclass
class Place:
    """What of a target the reporter needs."""

    environment: Environment

    def admin_token(self) -> str:
        return TOKEN


@pytest.fixture
def place() -> Place:
    """Production, where nothing answers yet."""
    environment = Environment(
        name="production",
        kind=TargetKind.LOCAL,
        tier=Tier.PRODUCTION,
        ports=Ports(dlq_manager=free_port()),
    )
    return Place(environment)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def reporter(home: Home, place: Place, run_id: str, kind: RunKind = RunKind.DEPLOY) -> IntervalReporter:
    journal, reader = Journal(home.journal), JournalReader(home)
    if not any(run.id == run_id for run in reader.runs("production")):
        steps = (_step(playbook.BACKUP, 1),)
        plan = Plan(kind=kind, environment="production", release="r7", steps=steps)
        journal.create_run(run_id, plan, DeployOptions(), operator="ann", host="box")
    context = RunContext(run_id, cast(Target, place), "r7", journal, reader, "ann", DeployOptions())
    return IntervalReporter(context)


def told(operations: DatabaseAddress) -> list[tuple[Any, ...]]:
    with operations.connect() as connection:
        return connection.execute(
            "SELECT source_key, subject, ended_at IS NOT NULL, detail FROM dead_letters.intervals ORDER BY id"
        ).fetchall()


def output(home: Home, run_id: str) -> str:
    return "\n".join(line.text for line in JournalReader(home).output(run_id))


def test_begin_and_end_are_told_as_they_happen(
    home: Home, place: Place, operations_db: DatabaseAddress
) -> None:
    with serving(create_app(settings_for(operations_db))) as url:
        place.environment = place.environment.model_copy(
            update={"ports": Ports(dlq_manager=urlsplit(url).port or 0)}
        )
        run = reporter(home, place, "run-1")
        run.begin()
        detail = "Deployment of r7 by ann (run run-1)"
        assert told(operations_db) == [("run/run-1/1", "production", False, detail)]
        run.end()
        run.end()
        assert told(operations_db) == [("run/run-1/1", "production", True, detail)]
        # Taken back during its watch.
        run.begin()
        run.end()
        assert [row[0] for row in told(operations_db)] == ["run/run-1/1", "run/run-1/2"]
    assert output(home, "run-1") == ""


def test_what_could_not_be_told_is_told_by_the_next_run(
    home: Home, place: Place, operations_db: DatabaseAddress
) -> None:
    """One run ended while the manager was away, one was killed in its midst."""
    first = reporter(home, place, "run-1")
    first.begin()
    first.end()
    assert "the next run does" in output(home, "run-1")
    reporter(home, place, "run-2", RunKind.DEPLOY).begin()
    journal = Journal(home.journal)
    journal.start_step("run-2", playbook.BACKUP)
    journal.finish_step("run-2", playbook.BACKUP, StepState.DONE, "")
    journal.set_run("run-2", RunState.RUNNING)  # nobody holds its lock: interrupted
    with serving(create_app(settings_for(operations_db))) as url:
        place.environment = place.environment.model_copy(
            update={"ports": Ports(dlq_manager=urlsplit(url).port or 0)}
        )
        third = reporter(home, place, "run-3")
        third.begin()
        known = {row[0]: row[2] for row in told(operations_db)}
        assert known == {"run/run-1/1": True, "run/run-2/1": True, "run/run-3/1": False}
        third.end()
    assert all(row[2] for row in told(operations_db))


def test_a_journal_that_takes_nothing_more_fails_no_run(
    home: Home, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = reporter(home, place, "run-1")

    def broken(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(Journal, "set_fact", broken)
    run.begin()
    run.end()
    assert "a defect" in output(home, "run-1")
