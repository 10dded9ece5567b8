"""The one background thread: an asyncio loop that runs the ports' blocking calls.

The Qt thread never waits. A call runs in a worker thread (`asyncio.to_thread`); its outcome comes back as
a queued signal of a bridge object that lives in the Qt thread.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.streaming import start_reader
from controllers.operations import Deliver
from controllers.streams import Iterate, Mailbox

logger = logging.getLogger(__name__)

WORKERS = 6
"""Port calls that may block at the same time: a poll, a run followed, and a few things asked for."""

DRAIN_SECONDS = 1.0
"""How long quitting waits for calls that were asked for before."""

SWITCH_SECONDS = 0.001


class CallTicket:
    """A submitted call; cancelling drops its outcome, the call itself still runs."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """Drop the outcome."""
        self.cancelled = True


@dataclass(frozen=True)
class _Delivery:
    ticket: CallTicket
    deliver: Deliver
    result: object
    error: BaseException | None


class _Bridge(QObject):
    """Carries outcomes into the thread it was made in, the Qt thread."""

    arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.arrived.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _hand_over(self, delivery: _Delivery) -> None:
        if not delivery.ticket.cancelled:
            delivery.deliver(delivery.result, delivery.error)


class BackgroundLoop:
    """Owns the thread and its loop. Make, start and stop it in the Qt thread."""

    def __init__(self) -> None:
        self._bridge = _Bridge()
        self._loop = asyncio.new_event_loop()
        self._executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="songnodes-io")
        self._thread = threading.Thread(target=self._run, name="songnodes-background", daemon=False)
        self._ready = threading.Event()
        # asyncio keeps only weak references to tasks; without this set a running one could be collected.
        self._tasks: set[asyncio.Task[None]] = set()
        self._streams: set[CallTicket] = set()
        self._draining: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the thread; returns once its loop runs.

        From now on threads hand the interpreter over after 1 ms and not after 5: while a worker computes,
        the Qt thread gets it back that much sooner.
        """
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        self._ready.wait()

    def submit(self, call: Callable[[], object], deliver: Deliver) -> CallTicket:
        """Run `call` in a worker thread and `deliver` its outcome in the Qt thread."""
        ticket = CallTicket()
        self._loop.call_soon_threadsafe(self._spawn, ticket, call, deliver)
        return ticket

    def stream(self, iterate: Iterate, mailbox: Mailbox, deliver: Deliver) -> CallTicket:
        """Read `iterate()` in a thread of its own; see `StreamingBackground`."""
        ticket = CallTicket()
        self._streams = {each for each in self._streams if not each.cancelled} | {ticket}

        def tell(news: Mailbox | None, error: BaseException | None) -> None:
            self._bridge.arrived.emit(_Delivery(ticket, deliver, news, error))

        start_reader(iterate, mailbox, lambda: ticket.cancelled, tell)
        return ticket

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread; whether it ended within `timeout` seconds.

        Outcomes are dropped. Calls get `DRAIN_SECONDS` to end, those too that had not begun.
        """
        for ticket in self._streams:
            ticket.cancel()
        if not self._thread.is_alive():
            return True
        self._loop.call_soon_threadsafe(self._wind_down)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_default_executor(self._executor)
        self._loop.call_soon(self._ready.set)
        try:
            self._loop.run_forever()
        finally:
            # Without waiting: a call that blocks on a dead network must not hold up quitting.
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _spawn(self, ticket: CallTicket, call: Callable[[], object], deliver: Deliver) -> None:
        task = self._loop.create_task(self._perform(ticket, call, deliver))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, ticket: CallTicket, call: Callable[[], object], deliver: Deliver) -> None:
        result: object = None
        error: Exception | None = None
        try:
            result = await asyncio.to_thread(call)
        except Exception as caught:  # noqa: BLE001 - every error belongs to the one who asked, not to the loop
            error = caught
        self._bridge.arrived.emit(_Delivery(ticket, deliver, result, error))

    def _wind_down(self) -> None:
        self._draining = self._loop.create_task(self._drain())

    async def _drain(self) -> None:
        """Let what was asked for last still happen: it may be a write, such as that of a draft."""
        if self._tasks:
            _done, late = await asyncio.wait(set(self._tasks), timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._loop.stop()
