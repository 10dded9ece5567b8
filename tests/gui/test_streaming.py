"""The threads that read streams: real threads, iterators that really block."""

import threading
import time
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.background import BackgroundLoop
from backend.contracts.errors import OperatorError
from controllers.streams import Stream


class Tap:
    """An iterator that a test lets flow, and that knows whether it was closed."""

    def __init__(self) -> None:
        self.begun, self.closed, self.more = threading.Event(), threading.Event(), threading.Event()
        self.error: Exception | None = None
        self.thread = 0

    def __call__(self) -> Iterator[object]:
        self.thread = threading.get_ident()
        try:
            yield 0
            self.begun.set()
            self.more.wait(30)
            if self.error is not None:
                raise self.error
            yield 1
            yield "the end"
        finally:
            self.closed.set()


@pytest.fixture
def background(qapp: object) -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    loop.start()
    yield loop
    assert loop.stop()


def test_items_are_read_elsewhere_and_arrive_in_the_qt_thread(
    background: BackgroundLoop, qtbot: QtBot
) -> None:
    tap, heard = Tap(), list[object]()
    receivers = set()
    stream = Stream(background, int)
    stream.received.connect(heard.extend)
    stream.received.connect(lambda _items: receivers.add(threading.get_ident()))
    with qtbot.waitSignal(stream.broken) as ended:
        stream.open(tap)
        tap.more.set()
    assert ended.args == [None]
    assert heard[-2:] == [1, "the end"]
    assert receivers == {threading.get_ident()}
    assert tap.thread != threading.get_ident()


def test_an_error_ends_it(background: BackgroundLoop, qtbot: QtBot) -> None:
    tap = Tap()
    tap.error = OperatorError("The stream broke.")
    stream = Stream(background, int)
    with qtbot.waitSignal(stream.broken) as ended:
        stream.open(tap)
        tap.more.set()
    assert ended.args == [tap.error]


def test_a_closed_stream_gives_its_connection_back_with_the_next_item(
    background: BackgroundLoop, qtbot: QtBot
) -> None:
    tap, heard = Tap(), list[object]()
    stream = Stream(background, int)
    with qtbot.waitSignal(stream.received):
        stream.open(tap)
    assert tap.begun.wait(5)
    stream.received.connect(heard.extend)
    stream.close()
    tap.more.set()
    assert tap.closed.wait(5)
    qtbot.wait(1)
    assert heard == []


def test_quitting_does_not_wait_for_a_stream_that_blocks(qapp: object, qtbot: QtBot) -> None:
    background, tap = BackgroundLoop(), Tap()
    background.start()
    stream = Stream(background, int)
    stream.open(tap)
    assert tap.begun.wait(5)
    begin = time.monotonic()
    assert background.stop(timeout=5)
    assert time.monotonic() - begin < 2
    reader = next(thread for thread in threading.enumerate() if thread.ident == tap.thread)
    assert reader.daemon, "an interpreter that ends waits for threads that are no daemons"
    tap.more.set()
    assert tap.closed.wait(5)
