"""Answers before the application is asked: uvicorn's HTTP protocol, with a look at plain requests.

A request whose answer this process holds is answered in the very moment it has been read: no parser's
callbacks, no task, no ASGI messages, one write. Those cost several times what finding the answer does.
One whose answer has to be fetched gets a task of its own, and one write too. Only plain requests are looked
at, and whatever is not answered goes to uvicorn byte for byte as it came.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.responses import PlainTextResponse, Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

ShortWay = Callable[[bytes, bytes, bytes], bytes | Coroutine[Any, Any, Response] | None]
"""Answers a POST without the application, for target, head and body: the JSON that answers with status 200 if
it is at hand, else what gives the answer when awaited; none when the application has to.

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

_HEADER = b"%b: %b\r\n"
_FOUND = b"content-length: %d\r\ncontent-type: application/json\r\n"


class AtHandProtocol(HttpToolsProtocol):
    """One connection. A plain request is held back until its body is complete."""

    def __init__(self, short_way: ShortWay, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._short_way = short_way
        self._held = b""
        """What was read of a plain request so far, or behind the one that is being answered."""
        self._answering = False
        """Whether an answer is being fetched; what comes meanwhile has its turn after it."""
        self._ending = False
        """Whether the connection is closed after that answer."""
        self._in_message = False
        """Whether uvicorn's parser is within a request."""
        self._answered_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Answer a complete plain request, keep a part of one, hand over everything else."""
        if self._answering:
            self._held += data
            self.flow.pause_reading()
            return
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
        if missing != 0 or not self._take(head[1], data[:end], data[end:]):
            super().data_received(data)

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
        since = self.loop.time() if self._answering else self._answered_at
        left = since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """The server ends: a request that is still being read or answered is answered like any other."""
        if self._answering:
            self._ending = True
            return
        if self._held:
            held, self._held = self._held, b""
            super().data_received(held)
        super().shutdown()

    def _is_idle(self) -> bool:
        """Whether the next byte begins a request that may be answered at once."""
        answered = self.cycle is None or self.cycle.response_complete
        return not (self._in_message or self.flow.write_paused or self.transport.is_closing()) and answered

    def _take(self, target: bytes, head: bytes, body: bytes) -> bool:
        """Answer a plain request, now or in a task; False when the application has to."""
        answer = self._short_way(target, head, body)
        if answer is None:
            return False
        if isinstance(answer, bytes):
            self._write(STATUS_LINE[200], _FOUND % len(answer), answer)
            return True
        self._answering = True
        task = self.loop.create_task(self._answer(answer))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        return True

    async def _answer(self, asked: Coroutine[Any, Any, Response]) -> None:
        """Write what `asked` gives. An error in it is a defect, and answered as uvicorn does."""
        try:
            response = await asked
        except Exception:
            self.logger.exception("Exception below the ASGI application")
            response, self._ending = PlainTextResponse("Internal Server Error", 500), True
        except BaseException:
            self.transport.close()
            raise
        self._answering = False
        if self.transport.is_closing():
            return
        headers = b"".join([_HEADER % header for header in response.raw_headers])
        self._write(STATUS_LINE[response.status_code], headers, bytes(response.body))
        if self._ending:
            self.transport.close()
            return
        self.flow.resume_reading()
        if self._held:
            held, self._held = self._held, b""
            self.data_received(held)

    def _write(self, status: bytes, headers: bytes, body: bytes) -> None:
        always = b"".join([_HEADER % header for header in self.server_state.default_headers])
        self.transport.write(b"%b%b%b\r\n%b" % (status, always, headers, body))
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


def at_hand_protocol(short_way: ShortWay) -> type[HttpToolsProtocol]:
    """The protocol as uvicorn makes it: of server, configuration and state alone."""

    class Bound(AtHandProtocol):
        def __init__(self, **arguments: Any) -> None:
            super().__init__(short_way, **arguments)

    return Bound
