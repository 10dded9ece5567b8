"""The live stream: what all listeners get, made once for all of them.

Events are kept in one short ring. A listener remembers only how far it has read: one that falls behind the
ring is ended, so that a reader who does not read costs no memory.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable

from fastapi.sse import format_sse_event
from pydantic import BaseModel

from backend.contracts.live import EVENT_PROVIDERS, EVENT_TRANSITION, BreakerTransition, LiveProviders

SLOWEST_SECONDS = 1.0
"""How long the stream is silent at most."""
FASTEST_SECONDS = 0.1
"""How often changes are looked for; those in between are sent as one."""
KEPT_EVENTS = 128


class LiveFeed:
    """Run as a task: `run` until cancelled. `end` lets all listeners go, before the server waits for them."""

    def __init__(
        self,
        look: Callable[[], LiveProviders],
        mark: Callable[[], object],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`look` gives everything; `mark`, cheaply, a value that differs when a breaker or gate changed."""
        self._look = look
        self._mark = mark
        self._sleep = sleep
        self._events: deque[bytes] = deque(maxlen=KEPT_EVENTS)
        self._sent = 0
        self._news = asyncio.Event()
        self._ended = False
        self._told: object = None
        self._silent_for = 0.0
        self._is_quiet = False
        """Whether nothing was sent within the last tenth of a second."""
        self.listeners = 0

    async def run(self) -> None:
        """Send everything once a second and soon after a change; with nobody listening do nothing."""
        while True:
            await self._sleep(FASTEST_SECONDS)
            self._silent_for += FASTEST_SECONDS
            if self.listeners == 0:
                continue
            if self._mark() != self._told or self._silent_for >= SLOWEST_SECONDS - FASTEST_SECONDS / 2:
                self._send_everything()
            else:
                self._is_quiet = True

    def transition(self, change: BreakerTransition) -> None:
        """Tell a change of a breaker's state at once; after a quiet moment with everything as it is now."""
        if not self.listeners:
            return
        if self._is_quiet:
            self._is_quiet = False
            # Not now: the breaker is still changing. First, because it is what a screen shows.
            asyncio.get_running_loop().call_soon(self._send_everything)
        asyncio.get_running_loop().call_soon(self._send, _encoded(EVENT_TRANSITION, change))

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """Encoded server-sent events from now on, the first at once. Ends when this listener is too slow."""
        self.listeners += 1
        try:
            read = self._sent
            yield _encoded(EVENT_PROVIDERS, self._look())
            while not self._ended:
                if read == self._sent:
                    await self._news.wait()
                    continue
                behind = self._sent - read
                if behind > len(self._events):
                    return
                read = self._sent
                yield b"".join(list(self._events)[-behind:])
        finally:
            self.listeners -= 1

    def end(self) -> None:
        """Let all listeners go."""
        self._ended = True
        self._wake()

    def _send_everything(self) -> None:
        self._told, self._silent_for, self._is_quiet = self._mark(), 0.0, False
        self._send(_encoded(EVENT_PROVIDERS, self._look()))

    def _send(self, event: bytes) -> None:
        self._events.append(event)
        self._sent += 1
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _encoded(name: str, data: BaseModel) -> bytes:
    return format_sse_event(event=name, data_str=data.model_dump_json())
