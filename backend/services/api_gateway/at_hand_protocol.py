"""Answers before the application is asked: uvicorn's HTTP protocol, with a look at what lies at hand.

A request whose answer this process holds is answered in the very moment it has been read: no parser's
callbacks, no task, no ASGI messages, one write. Those cost several times what finding the answer does.
Only plain requests are looked at, and whatever is not answered goes to uvicorn byte for byte as it came.
"""

import re
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

AtHand = Callable[[bytes, bytes], bytes | None]
"""Gives the JSON that answers a POST with status 200, for target and body; none when the application has to.

It never waits and never raises for what a request holds.
"""

LARGEST_BODY = 2 * 1024
"""Bytes; a larger body is left to uvicorn."""
_NAMES = rb"(?i:Accept|Accept-Encoding|Accept-Language|Content-Type|Host|User-Agent|X-Correlation-ID)"
_FIXED = rb"(?i:Connection: keep-alive|X-SongNodes-Lane: (?:bulk|interactive))"
_HEADERS = rb"(?:" + _NAMES + rb": [ -~]*+\r\n|" + _FIXED + rb"\r\n)*+"
_SIZE = rb"(?i:Content-Length): ([0-9]{1,4})\r\n"
_PLAIN = re.compile(rb"POST (/[a-z/]*+) HTTP/1\.1\r\n" + _HEADERS + _SIZE + _HEADERS + rb"\r\n")
"""The head of a plain request: nothing in it makes another answer than its target and body do.

Whatever matches means the same to uvicorn's parser; what does not match is not looked at.
"""


class AtHandProtocol(HttpToolsProtocol):
    """One connection. A plain request is held back until its body is complete."""

    def __init__(self, at_hand: AtHand, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._at_hand = at_hand
        self._held = b""
        """What was read of a plain request so far."""
        self._in_message = False
        """Whether uvicorn's parser is within a request."""
        self._answered_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Answer a complete plain request, keep a part of one, hand over everything else."""
        if self._held:
            data, self._held = self._held + data, b""
        head = _PLAIN.match(data) if self._is_idle() else None
        if head is None:
            super().data_received(data)
            return
        size, end = int(head[2]), head.end()
        missing = end + size - len(data)
        if missing > 0 and size <= LARGEST_BODY:
            self._unset_keepalive_if_required()
            self._held = data
            return
        answer = self._at_hand(head[1], data[end:]) if missing == 0 else None
        if answer is None:
            super().data_received(data)
        else:
            self._answer(answer)

    def on_message_begin(self) -> None:
        """uvicorn's parser has met the first byte of a request."""
        self._in_message = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """uvicorn's parser has met the last byte of a request."""
        self._in_message = False
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close what has been idle for long. Answers leave the timer alone: it would cost as much as they."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """The server ends: a request that is still being read is answered like any other."""
        if self._held:
            held, self._held = self._held, b""
            super().data_received(held)
        super().shutdown()

    def _is_idle(self) -> bool:
        """Whether the next byte begins a request that may be answered at once."""
        answered = self.cycle is None or self.cycle.response_complete
        return not (self._in_message or self.flow.write_paused or self.transport.is_closing()) and answered

    def _answer(self, body: bytes) -> None:
        always = b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])
        self.transport.write(
            b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\ncontent-type: application/json\r\n\r\n%b"
            % (always, len(body), body)
        )
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


def at_hand_protocol(at_hand: AtHand) -> type[HttpToolsProtocol]:
    """The protocol as uvicorn makes it: of server, configuration and state alone."""

    class Bound(AtHandProtocol):
        def __init__(self, **arguments: Any) -> None:
            super().__init__(at_hand, **arguments)

    return Bound
