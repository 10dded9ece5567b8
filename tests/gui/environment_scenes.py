"""How the pictures of the environment editor come about."""

from backend.contracts.errors import OperatorError
from tests.gui.sample.stage import Stage


def _open(stage: Stage, name: str) -> None:
    stage.window.router.run("environments.open")
    stage.console.environments.select(name)


def listed(stage: Stage) -> None:
    """A profile without changes."""
    _open(stage, "staging")


def tested(stage: Stage) -> None:
    """A test that found trouble and is still at it."""
    _open(stage, "staging")
    stage.console.environments.test()


def wrong(stage: Stage) -> None:
    """Fields that cannot be right, and a save that failed."""
    _open(stage, "staging")
    editor = stage.console.environments
    editor.set_value("host", "http://10.20.0.7")
    editor.set_value("ports.gateway", "8020")
    editor.set_value("compose.docker_host", "tcp://10.20.0.7")
    editor.opened.emit()
    editor.failed.emit(
        OperatorError(
            "/home/deploy/songnodes/config/environments/staging.toml cannot be written: No space left.",
            "Mend the folder's permissions, or free some space.",
        )
    )


def added(stage: Stage) -> None:
    """A new one, nothing typed yet."""
    stage.profiles.kept = {"sandbox": {}}
    stage.window.router.run("environments.add")


def broken(stage: Stage) -> None:
    """A profile whose file is broken."""
    stage.profiles.broken["staging"] = "The profile of the environment staging is broken: tier: unknown."
    _open(stage, "staging")


def removal(stage: Stage) -> None:
    """The question before a profile is removed."""
    _open(stage, "staging")
    stage.window.environments.remove_button.click()
