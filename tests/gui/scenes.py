"""What each picture shows: a name, the environment, and how to get there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.contracts.control import ControlConflictError, ControlRequest
from backend.contracts.errors import OperatorError
from backend.contracts.live import LiveProviders
from backend.contracts.runs import RollbackOptions, RollbackScope, RunState
from tests.gui import dead_letter_scenes as letters
from tests.gui import environment_scenes as environments
from tests.gui import waterfall_scenes as waterfalls
from tests.gui.sample import providers, stack
from tests.gui.sample.rollbacks import rollback_run
from tests.gui.sample.stage import Stage
from views.breakers.control_dialog import ControlDialog
from views.shell.unlock_dialog import UnlockDialog
from views.tracks.import_dialog import ImportDialog

UNREACHABLE = OperatorError(
    "PostgreSQL on 127.0.0.1:5433 does not answer.",
    "Start the stack; if that does not help, read the log of postgres.",
)
GATEWAY_GONE = OperatorError(
    "api-gateway-internal on 127.0.0.1:8022 does not answer.",
    "Start the stack; if that does not help, read the gateway's log.",
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


def losing_letters(stage: Stage) -> None:
    stage.stack.current = stack.losing


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


def breakers(moment: Callable[[datetime], LiveProviders] = providers.healthy) -> Callable[[Stage], None]:
    def prepare(stage: Stage) -> None:
        healthy(stage)
        stage.providers.current = moment
        stage.providers.audits["beatport"] = [providers.audit_entry(stage.clock(), "beatport", 7)]

    return prepare


def breaker_of(name: str) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        stage.window.router.run("breakers.open")
        stage.console.breakers.select(name)

    return play


def breakers_stale(stage: Stage) -> None:
    stage.window.router.run("breakers.open")
    stage.clock.forward(8)
    stage.console.breakers.feed.publish()


def breakers_unknown(stage: Stage) -> None:
    stage.window.router.run("breakers.open")
    stage.providers.error = GATEWAY_GONE
    stage.clock.forward(65)
    stage.background.streams[-1].end(GATEWAY_GONE)


def gateway_down(stage: Stage) -> None:
    healthy(stage)
    stage.providers.error = GATEWAY_GONE


def force_open_dialog(stage: Stage) -> None:
    breaker_of("lastfm")(stage)
    stage.window.router.run("breakers.force-open")
    dialog = stage.window.breakers.dialog
    assert isinstance(dialog, ControlDialog)
    dialog.reason.setText("Last.fm announced maintenance until 16:00")
    dialog.typed.edit.setText("product")


def conflict(stage: Stage) -> None:
    breaker_of("lastfm")(stage)
    stage.window.router.run("breakers.close")
    dialog = stage.window.breakers.dialog
    assert isinstance(dialog, ControlDialog)
    dialog.reason.setText("The provider says that it is back")
    somebody_was_first(stage, "lastfm")
    dialog.verb_button.click()


def somebody_was_first(stage: Stage, name: str) -> None:
    """Another operator forces a provider open, so that the next control request comes second."""
    live = stage.providers.current(stage.clock())
    entry = providers.audit_entry(stage.clock(), name, live.providers[name].circuit_breaker.epoch + 1, 0.5)
    request = ControlRequest(action=entry.action, reason=entry.reason, author=entry.author, minutes=120)
    stage.providers.control(stage.environment, name, request)
    stage.providers.audits[name] = [entry]
    stage.providers.control_error = ControlConflictError("The epoch is not the present one.", "Look again.")


def filter_nothing(stage: Stage) -> None:
    stage.window.router.run("breakers.open")
    stage.window.breakers.filter.setText("napster")


def reset_all(stage: Stage) -> None:
    stage.window.router.run("breakers.reset-all")


def unlocked(stage: Stage) -> None:
    stage.console.access.unlock(25, "Release 2026.48")


def unlock_dialog(stage: Stage) -> None:
    stage.window.header.access.click()
    dialog = stage.window.findChild(UnlockDialog)
    assert dialog is not None
    dialog.reason.setText("Release 2026.48 after the label fix")
    dialog.typed.edit.setText("product")


def track_opened(stage: Stage) -> None:
    stage.window.router.run("tracks.open")
    stage.console.tracks.open("t-1001")
    stage.window.tracks.panel.fields.list.choose("label")


def track_asked(stage: Stage) -> None:
    stage.window.router.run("tracks.open")
    asking = stage.window.tracks.asking
    asking.artist.setText("deadmau5")
    asking.title.setText("Strobe")
    asking.ask_button.click()


def tracks_failing(stage: Stage) -> None:
    stage.tracks.error = OperatorError(
        "metadata-enrichment does not answer on http://127.0.0.1:8020: nothing listens there.",
        "See what runs: main.py status. Start the stack: main.py up",
    )
    stage.window.router.run("tracks.open")


def tracks_import(stage: Stage) -> None:
    stage.window.router.run("tracks.import")
    dialog = stage.window.tracks.dialog
    assert isinstance(dialog, ImportDialog)
    dialog.check("tracks.csv")


def replays(stage: Stage) -> None:
    track_opened(stage)
    stage.console.tracks.replays.start(track_ids=None, promote=True, reason="After v7 came into force")
    stage.window.router.run("tracks.replay")


SCENES = (
    Scene("overview-empty", nothing),
    Scene("overview-empty-problem", nothing, broken_profile),
    Scene("overview-full", nothing, healthy),
    Scene("overview-failing", nothing, troubled, "staging"),
    Scene("overview-letters-missing", nothing, losing_letters),
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
    Scene("breakers-full", show("breakers.open"), breakers()),
    Scene("breakers-failing", show("breakers.open"), breakers(providers.failing), "staging"),
    Scene("breakers-forced", breaker_of("beatport"), breakers(providers.failing), "staging"),
    Scene("breakers-cooling", breaker_of("lastfm"), breakers(providers.failing), "staging"),
    Scene("breakers-many", show("breakers.open"), breakers(providers.many)),
    Scene("breakers-redis-lost", show("breakers.open"), breakers(providers.redis_lost)),
    Scene("breakers-empty", show("breakers.open")),
    Scene("breakers-gateway-down", show("breakers.open"), gateway_down),
    Scene("breakers-stale", breakers_stale, breakers(providers.failing), "staging"),
    Scene("breakers-unknown", breakers_unknown, breakers(providers.failing), "staging"),
    Scene("breakers-force-open", force_open_dialog, breakers(providers.failing), "production"),
    Scene("breakers-conflict", conflict, breakers(providers.failing), "staging"),
    Scene("breakers-reset-all", reset_all, breakers(providers.failing), "staging"),
    Scene("breakers-filter-empty", filter_nothing, breakers(providers.failing), "staging"),
    Scene("environments", environments.listed, healthy, "staging"),
    Scene("environments-tested", environments.tested, healthy, "staging"),
    Scene("environments-failing", environments.wrong, healthy, "staging"),
    Scene("environments-empty", environments.added, healthy),
    Scene("environments-broken", environments.broken, healthy),
    Scene("environments-removal", environments.removal, healthy, "staging"),
    Scene("production-unlocked", unlocked, healthy, "production"),
    Scene("unlock-dialog", unlock_dialog, healthy, "production"),
    Scene("waterfall", show("waterfall.open"), breakers()),
    Scene("waterfall-draft", waterfalls.drafted, breakers(providers.failing), "staging"),
    Scene("waterfall-explained", waterfalls.explained, breakers(), "staging"),
    Scene("waterfall-winners", waterfalls.page(1), breakers()),
    Scene("waterfall-calls", waterfalls.page(2), breakers()),
    Scene("waterfall-advice", waterfalls.page(3), breakers()),
    Scene("waterfall-full", show("waterfall.open"), waterfalls.full),
    Scene("waterfall-dead-source", waterfalls.dead_source, breakers()),
    Scene("waterfall-empty", show("waterfall.open")),
    Scene("waterfall-failing", show("waterfall.open"), waterfalls.fails),
    Scene("waterfall-replay-failing", waterfalls.replay_fails, breakers()),
    Scene("waterfall-nothing-stored", show("waterfall.open"), waterfalls.nothing_stored),
    Scene("waterfall-conflict", waterfalls.came_first, breakers(), "staging"),
    Scene("waterfall-rebase", waterfalls.rebase, breakers(), "staging"),
    Scene("waterfall-review", waterfalls.review, breakers(providers.failing), "production"),
    Scene("waterfall-review-problem", waterfalls.review_problem, breakers(providers.failing)),
    Scene("waterfall-history", waterfalls.history, breakers()),
    Scene("waterfall-add-source", waterfalls.add_source, breakers()),
    Scene("waterfall-copy-order", waterfalls.copy_order, breakers()),
    Scene("tracks", track_opened, healthy),
    Scene("tracks-empty", show("tracks.open")),
    Scene("tracks-asked", track_asked, healthy),
    Scene("tracks-failing", tracks_failing, healthy),
    Scene("tracks-import", tracks_import, healthy),
    Scene("tracks-replays", replays, healthy),
    Scene("letters", letters.opened, healthy),
    Scene("letters-empty", letters.empty, healthy),
    Scene("letters-undeployed", show("dead-letters.open")),
    Scene("letters-failing", letters.failing, healthy),
    Scene("letters-lost", letters.lost, healthy),
    Scene("letters-full", letters.full, healthy),
    Scene("letters-preview", letters.previewing, healthy),
    Scene("letters-deciding", letters.deciding, healthy),
    Scene("letters-running", letters.running, healthy),
    Scene("letters-editing", letters.editing, healthy),
    Scene("letters-operations", letters.operations, healthy),
    Scene("letters-pace", letters.pacing, healthy),
    Scene("letters-at-risk", letters.at_risk, healthy),
    Scene("letters-contrast", letters.contrasting, healthy),
    Scene("letters-patch", letters.patching, healthy),
    Scene("letters-edited", letters.edited, healthy),
    Scene("letters-lineage", letters.lineage, healthy),
    Scene("letters-attributes", letters.describing, healthy),
    Scene("settings", show("settings.open"), healthy),
    Scene("command-palette", show("palette.open"), healthy),
    Scene("shortcuts", show("shortcuts.open"), healthy),
)
