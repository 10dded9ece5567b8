import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.commands.ci_log import CiLog, CiTerminal
from app.endings import INTERRUPTED
from app.follow import Follower
from app.terminal import Terminal, counted, duration, time_span
from backend.contracts.runs import DeployOptions, Plan, PlannedStep, Run, RunKind, RunState, StepState
from backend.deployment import liveness
from backend.deployment.journal import Journal
from backend.deployment.journal_reader import JournalReader
from backend.home import Home

_RUN = "run-1"


def _step(key: str, number: int, *, skipped: bool = False) -> PlannedStep:
    return PlannedStep(
        key=key,
        number=number,
        title=key.title(),
        summary="does it",
        commands=("true",),
        criteria=(),
        estimate_seconds=(1, 2),
        estimate_source="test",
        on_failure="nothing",
        skipped=skipped,
        skip_reason="not asked for" if skipped else "",
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def journal(home: Home) -> Iterator[Journal]:
    """A journal with a run of three steps, the last of them skipped; its runner lives."""
    journal = Journal(home.journal)
    steps = (_step("build", 1), _step("start", 2), _step("watch", 3, skipped=True))
    plan = Plan(kind=RunKind.DEPLOY, environment="sandbox", release="r1", steps=steps)
    journal.create_run(_RUN, plan, DeployOptions(), operator="ann", host="here")
    descriptor = liveness.take(home.run_folder(_RUN))
    yield journal
    os.close(descriptor)
    journal.close()


class ReaderOfARun(JournalReader):
    """A reader before whose every look at the run something more has happened."""

    def __init__(self, home: Home, *happenings: Callable[[Journal], None]) -> None:
        super().__init__(home)
        self._journal = Journal(home.journal)
        self._happenings = iter(happenings)

    def run(self, run_id: str) -> Run:
        next(self._happenings)(self._journal)
        return super().run(run_id)


def _build(journal: Journal) -> None:
    journal.start_step(_RUN, "build")
    journal.finish_step(_RUN, "build", StepState.DONE, "built")


def _begin_start(journal: Journal) -> None:
    journal.start_step(_RUN, "start")


def _start_well(journal: Journal) -> None:
    journal.finish_step(_RUN, "start", StepState.DONE, "started")
    journal.set_run(_RUN, RunState.SUCCEEDED, "All is well.", exit_code=0)


def _start_badly(journal: Journal) -> None:
    """The failure, the decision and the first step back, all between two looks."""
    for number in range(30):
        journal.write_output(_RUN, "start", "api-gateway", f"line {number}")
    journal.finish_step(_RUN, "start", StepState.FAILED, "it crashed")
    journal.set_run(_RUN, RunState.ROLLING_BACK, "start failed")
    journal.append_steps(_RUN, [_step("rollback-services", 4)])
    journal.start_step(_RUN, "rollback-services")


def _end_rollback(journal: Journal) -> None:
    journal.finish_step(_RUN, "rollback-services", StepState.DONE, "back again")
    journal.set_run(_RUN, RunState.ROLLED_BACK, "It was taken back.", exit_code=1)


_BAD_RUN = (_build, _begin_start, _start_badly, _end_rollback)


def _places(text: str, *words: str) -> list[int]:
    return [text.index(word) for word in words]


@pytest.mark.usefixtures("journal")
def test_a_failed_step_shows_its_last_lines_in_order(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert Follower(ReaderOfARun(home, *_BAD_RUN), Terminal(as_json=False)).follow(_RUN) == 1
    text = capsys.readouterr().out
    places = _places(
        text, "it crashed", "line 18", "line 29", "Watch", "↩ Rolling back", "◌  4/4", "back again"
    )
    assert places == sorted(places)
    assert "line 17" not in text


@pytest.mark.usefixtures("journal")
def test_the_skipped_watch_waits_for_the_step_before_it(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = ReaderOfARun(home, _build, _begin_start, _start_well)
    assert Follower(reader, Terminal(as_json=False)).follow(_RUN) == 0
    places = _places(capsys.readouterr().out, "✓  1/3", "◌  2/3", "✓  2/3", "–  3/3", "All is well.")
    assert places == sorted(places)


def _press_ctrl_c(_journal: Journal) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("journal")
def test_leaving_a_run_is_an_event(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert Follower(ReaderOfARun(home, _press_ctrl_c), Terminal(as_json=True)).follow(_RUN) == INTERRUPTED
    left = json.loads(capsys.readouterr().out)
    assert left["event"] == "left"
    assert f"runs stop {_RUN}" in left["message"]


@pytest.mark.usefixtures("journal")
def test_a_pipeline_gets_every_event_as_a_line_of_one_form(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Follower(ReaderOfARun(home, *_BAD_RUN), CiTerminal(CiLog("build-7", "sandbox"))).follow(_RUN) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    form = {"level", "message", "timestamp", "deployment_id", "environment", "data"}
    assert all(set(line) == form for line in lines)
    levels = {line["message"]: line["level"] for line in lines}
    assert levels["step build done"] == "info"
    assert levels["step start failed"] == "error"
    assert "api-gateway: line 29" in levels


def test_what_comes_after_the_outcome_only_warns(capsys: pytest.CaptureFixture[str]) -> None:
    log = CiLog("build-7", "sandbox")
    with log.warns_only("The artifacts could not be collected"):
        Path("/proc/nowhere/artifacts").mkdir(parents=True)
    with log.warns_only("The metrics could not be pushed"):
        raise ValueError("sentinel-secret")
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["level"] == second["level"] == "warn"
    assert "No such file" in first["message"]
    assert "sentinel-secret" not in second["message"]


def test_numbers_in_words() -> None:
    assert [counted(n, "warning") for n in (0, 1, 2)] == ["0 warnings", "1 warning", "2 warnings"]
    assert duration(0.01) == "under 0.1 s"
    assert time_span(0, 0.02) == "under 1 s"
    assert time_span(3, 3) == "3 s"
    assert time_span(2, 180) == "2 s to 3 min"
