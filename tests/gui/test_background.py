"""The real background thread, with calls that really block."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from traceback import StackSummary

import pytest
from pytestqt.qtbot import QtBot

from app.background import WORKERS, BackgroundLoop
from app.watchdog import Stall, StallWatchdog, seconds_starved
from controllers.operations import Operation


@pytest.fixture
def background(qapp: object) -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    loop.start()
    yield loop
    assert loop.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "songnodes-background"]


def test_calls_run_elsewhere_and_arrive_in_the_qt_thread(background: BackgroundLoop, qtbot: QtBot) -> None:
    arrived: list[tuple[object, int]] = []
    operation = Operation(background)
    operation.succeeded.connect(lambda result: arrived.append((result, threading.get_ident())))
    with qtbot.waitSignal(operation.finished):
        operation.run(threading.get_ident)
    (worker, receiver) = arrived[0]
    assert receiver == threading.get_ident()
    assert worker != receiver


def test_errors_arrive_as_errors(background: BackgroundLoop, qtbot: QtBot) -> None:
    operation = Operation(background)
    with qtbot.waitSignal(operation.failed) as failed:
        operation.run(lambda: 1 // 0)
    assert "ZeroDivisionError" in str(failed.args[0])


def test_many_calls_all_arrive(background: BackgroundLoop, qtbot: QtBot) -> None:
    results: list[object] = []
    operations = [Operation(background) for _ in range(200)]
    for number, operation in enumerate(operations):
        operation.succeeded.connect(results.append)
        operation.run(partial(int, number))
    qtbot.waitUntil(lambda: len(results) == 200)
    assert sorted(results, key=str) == sorted(range(200), key=str)


def test_what_was_asked_for_last_still_happens(qapp: object) -> None:
    """A draft that is kept while the window closes is a write like that."""
    loop = BackgroundLoop()
    loop.start()
    written: list[int] = []
    for number in range(3 * WORKERS):
        loop.submit(partial(written.append, number), lambda _result, _error: None)
    assert loop.stop()
    assert sorted(written) == list(range(3 * WORKERS))


def test_stopping_does_not_wait_for_a_call_that_blocks(qapp: object) -> None:
    loop = BackgroundLoop()
    loop.start()
    release, begun = threading.Event(), threading.Event()
    heard: list[object] = []

    def block() -> None:
        begun.set()
        release.wait(30)

    loop.submit(block, lambda result, error: heard.append((result, error)))
    assert begun.wait(5)
    begin = time.monotonic()
    assert loop.stop(timeout=5)
    assert time.monotonic() - begin < 2
    release.set()
    assert heard == []


def test_the_watchdog_sees_a_stall_and_where_it_was(qtbot: QtBot) -> None:
    watchdog = StallWatchdog()
    watchdog.start()
    qtbot.wait(80)
    end = time.monotonic() + 0.25
    while time.monotonic() < end:
        pass
    qtbot.waitUntil(lambda: bool(watchdog.stalls))
    watchdog.stop()
    assert watchdog.stalls[0].seconds > 0.1
    assert watchdog.stalls[0].busy_seconds > 0.05
    assert "test_the_watchdog_sees_a_stall" in watchdog.stalls[0].stack


def test_a_thread_that_sleeps_has_stalled_by_itself(qtbot: QtBot) -> None:
    watchdog = StallWatchdog()
    watchdog.start()
    qtbot.wait(80)
    time.sleep(0.4)
    qtbot.waitUntil(lambda: bool(watchdog.stalls))
    watchdog.stop()
    assert watchdog.stalls[0].own_seconds > 0.1
    assert watchdog.stalls[0].busy_seconds < 0.1


def test_waiting_for_a_processor_is_counted_apart(tmp_path: Path) -> None:
    for thread, waited in ((11, 2_000_000_000), (12, 500_000_000)):
        (tmp_path / str(thread)).mkdir()
        (tmp_path / str(thread) / "schedstat").write_text(f"7000000 {waited} 42\n")
    starved = seconds_starved(tmp_path)
    assert starved == 2.5
    stall = Stall(seconds=2.6, busy_seconds=0.05, starved_seconds=starved, frames=StackSummary())
    assert stall.own_seconds == pytest.approx(0.1)
    assert seconds_starved(tmp_path / "elsewhere") == 0
