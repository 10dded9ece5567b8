"""`up` and `down` hold the deployment lock while they work, and wait for nobody."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.environments import Environments
from app.stack import Stack
from backend.contracts.environment import Environment
from backend.contracts.errors import OperatorError
from backend.contracts.runs import ExitCode
from backend.database.address import DatabaseAddress
from backend.database.lock import DeploymentLock, LockHeldError
from backend.deployment.journal_reader import JournalReader
from backend.home import Home
from backend.targets.port import Output, Target
from tests.fixtures.postgres import free_port


@dataclass
class WatchedTarget:
    """Has the real lock; notes who held it while it was brought up and down."""

    environment: Environment
    address: DatabaseAddress
    address_prepared: DatabaseAddress | None = None
    """Where the server is once it was started."""
    done: list[str] = field(default_factory=list)

    def operations_database(self) -> DatabaseAddress:
        return self.address

    def prepare(self, _output: Output) -> None:
        self.done.append("prepared")
        self.address = self.address_prepared or self.address

    def up(self, _output: Output) -> None:
        self._note("up")

    def down(self, _output: Output) -> None:
        self._note("down")

    def _note(self, what: str) -> None:
        holder = DeploymentLock(self.address).holder()
        self.done.append(f"{what}, locked for {holder.reason if holder else 'nobody'}")


@pytest.fixture
def watched(tmp_path: Path, operations_db: DatabaseAddress) -> WatchedTarget:
    return WatchedTarget(Environments(Home(tmp_path)).get("sandbox"), operations_db)


@pytest.fixture
def stack(tmp_path: Path, watched: WatchedTarget) -> Stack:
    home = Home(tmp_path)
    target = cast("Callable[[str], Target]", lambda _name: watched)
    return Stack(Environments(home), target, JournalReader(home))


@pytest.mark.parametrize("command", ["up", "down"])
def test_the_lock_is_held_while_the_stack_changes(stack: Stack, watched: WatchedTarget, command: str) -> None:
    getattr(stack, command)("sandbox")
    assert watched.done == [f"{command}, locked for main.py {command}"]
    assert DeploymentLock(watched.address).holder() is None


@pytest.mark.parametrize("command", ["up", "down"])
def test_nothing_is_changed_under_a_deployment(stack: Stack, watched: WatchedTarget, command: str) -> None:
    lock = DeploymentLock(watched.address)
    with lock.acquire(operator="ann", host="there", run="run-1"), pytest.raises(OperatorError) as caught:
        getattr(stack, command)("sandbox")
    assert caught.value.exit_code == ExitCode.LOCKED
    assert "ann on there: run run-1" in caught.value.message
    assert watched.done == []


def test_a_deployment_that_meets_a_command_is_told_which(watched: WatchedTarget) -> None:
    lock = DeploymentLock(watched.address)
    held: dict[str, Any] = {"operator": "ann", "host": "there", "run": ""}
    with lock.acquire(**held, reason="main.py down"), pytest.raises(LockHeldError) as caught:
        lock.acquire(operator="bob", host="here", run="run-2")
    assert "ann on there: main.py down, since" in caught.value.message


def test_with_the_server_down_nobody_can_hold_the_lock(stack: Stack, watched: WatchedTarget) -> None:
    """`up` starts the server first, and takes the lock as soon as there is one."""
    watched.address_prepared = watched.address
    watched.address = replace(watched.address, port=free_port())
    stack.up("sandbox")
    assert watched.done == ["prepared", "up, locked for main.py up"]
