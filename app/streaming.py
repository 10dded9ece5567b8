"""The threads that read streams."""

import threading
from collections.abc import Callable, Generator

from controllers.streams import Iterate, Mailbox

Tell = Callable[[Mailbox | None, BaseException | None], None]


def start_reader(iterate: Iterate, mailbox: Mailbox, cancelled: Callable[[], bool], tell: Tell) -> None:
    """Read `iterate()` in a new thread and `tell` what it brings, from that thread, until `cancelled`.

    The thread is a daemon: one that blocks on a dead network must not hold up quitting.
    """

    def read() -> None:
        error: BaseException | None = None
        try:
            _read(iterate, mailbox, cancelled, tell)
        except Exception as caught:  # noqa: BLE001 - every error belongs to the one who asked
            error = caught
        if not cancelled():
            tell(None, error)

    threading.Thread(target=read, name="songnodes-stream", daemon=True).start()


def _read(iterate: Iterate, mailbox: Mailbox, cancelled: Callable[[], bool], tell: Tell) -> None:
    items = iterate()
    try:
        for item in items:
            if cancelled():
                return
            if mailbox.put(item):
                tell(mailbox, None)
    finally:
        # A generator that is left early gives its connection back when it is closed.
        if isinstance(items, Generator):
            items.close()
