"""What each picture shows: a name, the environment, and how to get there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from backend.contracts.errors import OperatorError
from backend.contracts.runs import RollbackOptions, RollbackScope, RunState
from tests.gui.sample import stack
from tests.gui.sample.rollbacks import rollback_run
from tests.gui.sample.stage import Stage

UNREACHABLE = OperatorError(
    "PostgreSQL on 127.0.0.1:5433 does not answer.",
    "Start the stack; if that does not help, read the log of postgres.",
)


def nothing(_stage: Stage) -> None:
    """Leave everything as it opens."""


@dataclass(frozen=True)
class Scene:
    name: str
    play: Callable[[Stage], None]
    prepare: Callable[[Stage], None] = nothing
    environment: str = "sandbox"


def healthy(stage: Stage) -> None:
    stage.stack.current = stack.healthy


def broken_profile(stage: Stage) -> None:
    stage.stack.current = stack.broken_profile


def troubled(stage: Stage) -> None:
    stage.stack.current = stack.troubled


def with_history(stage: Stage) -> None:
    healthy(stage)
    done = stage.keep_run(11, RunState.SUCCEEDED)
    stage.runs.age(done.id, timedelta(hours=3))
    back = rollback_run(
        stage.environment, RollbackOptions(scope=RollbackScope.SERVICES), stage.clock(), RunState.SUCCEEDED
    )
    stage.runs.keep(back)
    stage.runs.age(back.id, timedelta(days=2))


def running(stage: Stage) -> None:
    troubled(stage)
    stage.keep_run(5)


def watching(stage: Stage) -> None:
    healthy(stage)
    stage.keep_run(10, RunState.WATCHING)


def interrupted(stage: Stage) -> None:
    healthy(stage)
    stage.keep_run(5, RunState.INTERRUPTED)


def show(action: str) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        stage.window.router.run(action)

    return play


def stale(stage: Stage) -> None:
    stage.clock.forward(21)
    stage.stack.error = UNREACHABLE
    stage.console.monitor.measure()


def unknown(stage: Stage) -> None:
    stale(stage)
    stage.clock.forward(60)
    stage.console.monitor.measure()


def health(stage: Stage) -> None:
    stage.window.router.run("stack.health")


def plan(stage: Stage) -> None:
    stage.window.router.run("deploy.open")
    stage.window.deploy.next_button.click()


def confirm(stage: Stage) -> None:
    stage.window.router.run("deploy.open")
    stage.window.deploy.options.skip_tests.setChecked(True)
    stage.window.deploy.next_button.click()
    stage.window.deploy.next_button.click()
    stage.window.deploy.confirm.typed.edit.setText("product")


def ended(state: RunState, place: int) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        run = stage.keep_run(5)
        stage.console.deploy.attach(run)
        stage.window.router.run("deploy.open")
        stage.runs.advance(run.id, place, state)
        stage.console.deploy.follower.follow(run.id)

    return play


def failed_steps(stage: Stage) -> None:
    ended(RunState.ROLLED_BACK, 5)(stage)
    stage.console.deploy.show_steps()


def stop_question(stage: Stage) -> None:
    stage.window.router.run("deploy.open")
    stage.window.deploy.run.back_out_button.click()


def locked(stage: Stage) -> None:
    ended(RunState.LOCKED, 1)(stage)


def end_to_end(stage: Stage) -> None:
    stage.window.router.run("end-to-end.open")
    stage.window.end_to_end.run_button.click()


def rollback_dialog(stage: Stage) -> None:
    stage.window.router.run("rollback.ask")


def rollback_to_backup(stage: Stage) -> None:
    rollback_dialog(stage)
    dialog = stage.window.rollback.dialog
    if dialog is not None:
        dialog.cards[-1].choose()
        dialog.typed.edit.setText("product")


def rollback_running(state: RunState) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        run = rollback_run(
            stage.environment, RollbackOptions(scope=RollbackScope.SERVICES), stage.clock(), state
        )
        stage.runs.keep(run)
        stage.window.router.run("rollback.open")
        stage.console.rollback.follow(run.id)

    return play


SCENES = (
    Scene("overview-empty", nothing),
    Scene("overview-empty-problem", nothing, broken_profile),
    Scene("overview-full", nothing, healthy),
    Scene("overview-failing", nothing, troubled, "staging"),
    Scene("overview-stale", stale, healthy),
    Scene("overview-unknown", unknown, healthy),
    Scene("overview-interrupted", nothing, interrupted),
    Scene("health-check", health, healthy),
    Scene("deploy-options", show("deploy.open")),
    Scene("deploy-plan", plan),
    Scene("deploy-confirm", confirm, healthy, "production"),
    Scene("deploy-running", show("deploy.open"), running, "staging"),
    Scene("deploy-watching", show("deploy.open"), watching, "staging"),
    Scene("deploy-stop", stop_question, running, "production"),
    Scene("deploy-failed-steps", failed_steps, healthy),
    Scene("deploy-result", ended(RunState.SUCCEEDED, 11), healthy),
    Scene("deploy-result-failed", ended(RunState.ROLLED_BACK, 5), healthy),
    Scene("deploy-locked", locked, healthy),
    Scene("deploy-interrupted", show("deploy.open"), interrupted),
    Scene("end-to-end-empty", show("end-to-end.open"), healthy),
    Scene("end-to-end", end_to_end, healthy),
    Scene("rollback-empty", show("rollback.open")),
    Scene("rollback", show("rollback.open"), with_history),
    Scene("rollback-dialog", rollback_dialog, with_history),
    Scene("rollback-to-backup", rollback_to_backup, with_history, "production"),
    Scene("rollback-running", rollback_running(RunState.RUNNING), healthy),
    Scene("rollback-result", rollback_running(RunState.SUCCEEDED), healthy),
    Scene("settings", show("settings.open"), healthy),
    Scene("command-palette", show("palette.open"), healthy),
    Scene("shortcuts", show("shortcuts.open"), healthy),
)
