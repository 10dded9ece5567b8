import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from controllers.streams import Mailbox, Stream
from tests.gui.sample.background import ImmediateBackground


def nothing() -> Iterator[object]:
    return iter(())


def test_only_the_newest_of_the_latest_type_waits() -> None:
    mailbox = Mailbox(int)
    assert mailbox.put("closed to open")
    for item in (1, 2, "open to half-open", 3):
        assert not mailbox.put(item)
    assert mailbox.take() == ["closed to open", "open to half-open", 3]
    assert mailbox.take() == []


def test_the_first_item_comes_at_once_and_the_rest_in_few_batches(
    qtbot: QtBot, background: ImmediateBackground
) -> None:
    stream = Stream(background, int)
    heard: list[list[object]] = []
    stream.received.connect(heard.append)
    stream.open(nothing)
    feed = background.streams[-1]
    feed.push(0)
    assert heard == [[0]]
    for number in range(1, 500):
        feed.push(number)
        feed.push(f"transition {number}")
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert [item for item in heard[1] if isinstance(item, int)] == [499]
    assert len(heard[1]) == 500


def test_a_stream_that_is_closed_says_nothing_more(qtbot: QtBot, background: ImmediateBackground) -> None:
    stream = Stream(background, int)
    heard: list[object] = []
    stream.received.connect(heard.append)
    stream.broken.connect(heard.append)
    stream.open(nothing)
    feed = background.streams[-1]
    stream.close()
    feed.push(1)
    feed.end(OperatorError("gone"))
    assert feed.cancelled
    assert heard == []


def test_what_waited_is_handed_on_before_the_end(qtbot: QtBot, background: ImmediateBackground) -> None:
    stream = Stream(background, int)
    heard: list[object] = []
    stream.received.connect(heard.extend)
    stream.broken.connect(heard.append)
    stream.open(nothing)
    feed = background.streams[-1]
    feed.push(1)
    feed.push("opened")
    error = OperatorError("The stream broke.")
    feed.end(error)
    assert heard == [1, "opened", error]


@pytest.mark.parametrize("writers", [4])
def test_nothing_is_lost_between_threads(writers: int) -> None:
    mailbox = Mailbox(int)
    taken: list[object] = []
    done = threading.Event()

    def write(name: int) -> None:
        for number in range(500):
            mailbox.put(f"{name}/{number}")

    def read() -> None:
        while not done.is_set():
            taken.extend(mailbox.take())

    reader = threading.Thread(target=read)
    threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    taken.extend(mailbox.take())
    assert len(set(taken)) == len(taken) == writers * 500
