"""One deployment at a time: exactly one winner, no stale lock, no holder that does not know it lost."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from backend.contracts.runs import ExitCode
from backend.database import lock
from backend.database.address import DatabaseAddress, DatabaseUnreachableError
from backend.database.lock import DeploymentLock, LockHandle, LockHeldError, LockLostError
from tests.fixtures import lock_process
from tests.fixtures.conditions import wait_for
from tests.fixtures.postgres import free_port


def acquire(address: DatabaseAddress, run: str, wait_seconds: float = 0.0) -> LockHandle:
    return DeploymentLock(address).acquire(
        operator="ada", host="console", run=run, reason="release 7", wait_seconds=wait_seconds
    )


def end_sessions(address: DatabaseAddress) -> None:
    with address.with_name("postgres").connect(autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND application_name = 'songnodes-deployment-lock'",
            (address.name,),
        )


def test_nobody_holds_a_lock_that_was_never_taken(empty_database: DatabaseAddress) -> None:
    assert DeploymentLock(empty_database).holder() is None
    assert DeploymentLock(empty_database.with_name("nowhere")).holder() is None


def test_holder_is_readable_and_gone_after_release(empty_database: DatabaseAddress) -> None:
    with acquire(empty_database, "run-1"):
        holder = DeploymentLock(empty_database).holder()
        assert holder is not None
        assert (holder.operator, holder.host, holder.run, holder.reason) == (
            "ada",
            "console",
            "run-1",
            "release 7",
        )
    assert DeploymentLock(empty_database).holder() is None


def test_the_database_is_created_when_it_is_missing(empty_database: DatabaseAddress) -> None:
    address = empty_database.with_name(f"{empty_database.name}_operations")
    with acquire(address, "run-1") as handle:
        handle.check()
        holder = DeploymentLock(address).holder()
    assert holder is not None
    assert holder.run == "run-1"


def test_a_second_one_is_told_who_holds_it(empty_database: DatabaseAddress) -> None:
    with acquire(empty_database, "run-1"), pytest.raises(LockHeldError) as caught:
        acquire(empty_database, "run-2")
    assert caught.value.holder.run == "run-1"
    assert caught.value.exit_code == ExitCode.LOCKED
    assert 'locked by ada on console: run run-1 ("release 7")' in caught.value.message


def test_waiting_gets_it_once_it_is_free(empty_database: DatabaseAddress) -> None:
    first = acquire(empty_database, "run-1")
    timer = threading.Timer(0.3, first.release)
    timer.start()
    with acquire(empty_database, "run-2", wait_seconds=10) as second:
        assert second.fencing == first.fencing + 1
    timer.join()


def test_one_winner_however_many_start_at_once(empty_database: DatabaseAddress) -> None:
    """Rounds of eight operators; the first round also races to create the table."""

    def start(number: int) -> LockHandle | None:
        try:
            return acquire(empty_database, f"run-{number}")
        except LockHeldError:
            return None

    with ThreadPoolExecutor(8) as pool:
        for round_number in range(1, 11):
            handles = [handle for handle in pool.map(start, range(8)) if handle is not None]
            assert len(handles) == 1
            assert handles[0].fencing == round_number
            handles[0].release()


def test_a_lock_whose_session_ended_is_lost_and_free(empty_database: DatabaseAddress) -> None:
    first = acquire(empty_database, "run-1")
    end_sessions(empty_database)
    with acquire(empty_database, "run-2", wait_seconds=5) as second:
        with pytest.raises(LockLostError):
            first.check()
        second.check()
        first.release()
        holder = DeploymentLock(empty_database).holder()
        assert holder is not None
        assert holder.run == "run-2"


def test_a_holder_overtaken_by_number_notices(empty_database: DatabaseAddress) -> None:
    with acquire(empty_database, "run-1") as handle:
        with empty_database.connect() as connection:
            connection.execute("UPDATE deployment.lock SET fencing = fencing + 1")
        with pytest.raises(LockLostError, match="Another run has taken"):
            handle.check()


def test_heartbeat_moves_on(empty_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.05)
    with acquire(empty_database, "run-1"):
        first = DeploymentLock(empty_database).holder()
        assert first is not None

        def beaten() -> bool:
            now = DeploymentLock(empty_database).holder()
            return now is not None and now.heartbeat != first.heartbeat

        wait_for(beaten, "a heartbeat")


def test_the_lock_of_a_killed_process_is_free_at_once(empty_database: DatabaseAddress) -> None:
    with lock_process.started(empty_database, "run-1") as child:
        assert lock_process.say(child) == "held 1"
        child.kill()
        child.wait()
        with acquire(empty_database, "run-2", wait_seconds=5) as handle:
            assert handle.fencing == 2


def test_a_frozen_holder_is_fenced_off_when_it_wakes(empty_database: DatabaseAddress) -> None:
    with lock_process.started(empty_database, "run-1") as child:
        assert lock_process.say(child) == "held 1"
        assert lock_process.ask(child) == "still"
        child.send_signal(signal.SIGSTOP)
        with pytest.raises(LockHeldError):  # frozen is not dead: a live session is never robbed
            acquire(empty_database, "run-2")
        end_sessions(empty_database)
        with acquire(empty_database, "run-2", wait_seconds=5):
            child.send_signal(signal.SIGCONT)
            assert lock_process.ask(child) == "lost"


def test_an_unreachable_server_is_told(empty_database: DatabaseAddress) -> None:
    with pytest.raises(DatabaseUnreachableError):
        acquire(replace(empty_database, port=free_port()), "run-1")
