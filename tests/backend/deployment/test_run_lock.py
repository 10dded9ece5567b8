"""A run keeps its lock through a restart of the server, and gives way when somebody came between."""

from datetime import UTC, datetime

import pytest

from backend.contracts.runs import Plan, Run, RunKind, RunState
from backend.database.address import DatabaseAddress
from backend.database.lock import DeploymentLock, LockLostError
from backend.deployment.run_lock import RunLock
from tests.backend.database.test_lock import end_sessions
from tests.waiting import wait_until


def _run() -> Run:
    plan = Plan(kind=RunKind.DEPLOY, environment="sandbox", release="r1", steps=())
    return Run(
        id="run-1",
        kind=RunKind.DEPLOY,
        environment="sandbox",
        plan=plan,
        state=RunState.RUNNING,
        steps=(),
        operator="ann",
        host="box",
        created_at=datetime.now(UTC),
    )


def _cut(address: DatabaseAddress) -> None:
    end_sessions(address)
    wait_until(lambda: DeploymentLock(address).holder() is None)


def test_a_lost_connection_is_replaced_when_nobody_came_between(empty_database: DatabaseAddress) -> None:
    lock = RunLock(empty_database, _run())
    lock.acquire()
    _cut(empty_database)
    lock.check()
    holder = DeploymentLock(empty_database).holder()
    assert holder is not None
    assert (holder.run, holder.operator) == ("run-1", "ann")
    lock.release()
    assert DeploymentLock(empty_database).holder() is None


def test_whoever_took_it_meanwhile_is_named(empty_database: DatabaseAddress) -> None:
    lock = RunLock(empty_database, _run())
    lock.acquire()
    _cut(empty_database)
    with (
        DeploymentLock(empty_database).acquire(operator="bob", host="desk", run="run-2"),
        pytest.raises(LockLostError, match="bob on desk: run run-2"),
    ):
        lock.check()


def test_a_run_that_came_and_went_meanwhile_is_noticed(empty_database: DatabaseAddress) -> None:
    lock = RunLock(empty_database, _run())
    lock.acquire()
    _cut(empty_database)
    DeploymentLock(empty_database).acquire(operator="bob", host="desk", run="run-2").release()
    with pytest.raises(LockLostError, match="Another run took the lock meanwhile"):
        lock.check()
    with pytest.raises(LockLostError):
        lock.check()
    lock.release()
    assert DeploymentLock(empty_database).holder() is None
