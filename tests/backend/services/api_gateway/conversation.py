"""What a server's protocol answers to bytes as they come in, without a network that cuts them anew."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


class Wire(asyncio.Transport):
    """A connection that notes what is written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written: list[bytes] = []
        self._closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closed:
            self.written.append(bytes(data))

    def close(self) -> None:
        self._closed = True

    def is_closing(self) -> bool:
        return self._closed

    def pause_reading(self) -> None:
        """Bytes come only when the test says so."""

    def resume_reading(self) -> None:
        """Bytes come only when the test says so."""


@dataclass(frozen=True)
class Said:
    """What came back over a connection."""

    text: bytes
    closed: bool
    """Whether the server closed the connection."""

    @property
    def statuses(self) -> list[int]:
        """Of each answer."""
        return [int(part[:3]) for part in self.text.split(b"HTTP/1.1 ")[1:]]

    @property
    def body(self) -> bytes:
        """Of the only answer."""
        return self.text.partition(b"\r\n\r\n")[2]


class Line:
    """One connection to an application over a protocol."""

    def __init__(self, kind: type[HttpToolsProtocol], app: ASGIApp) -> None:
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"Thu, 26 Nov 2026 02:05:20 GMT")]
        config = uvicorn.Config(app, http=kind, log_config=None, access_log=False)
        config.load()
        loop = asyncio.get_running_loop()
        self.protocol = kind(config=config, server_state=self.state, app_state={}, _loop=loop)
        self.wire = Wire()
        self.protocol.connection_made(self.wire)

    def send(self, data: bytes) -> None:
        """Bytes reach the server, in one piece."""
        self.protocol.data_received(data)

    async def settle(self) -> None:
        """Wait until the application has nothing to do any more."""
        while self.state.tasks:
            await asyncio.wait(self.state.tasks)
            await asyncio.sleep(0)

    async def hang_up(self) -> Said:
        """The client is gone; what it was told before."""
        said = Said(b"".join(self.wire.written), self.wire.is_closing())
        self.protocol.connection_lost(None)
        await self.settle()
        return said


async def converse(kind: type[HttpToolsProtocol], app: ASGIApp, parts: Sequence[bytes]) -> Said:
    """Send the parts one after another without waiting for answers; then wait for all of them."""
    line = Line(kind, app)
    for part in parts:
        line.send(part)
    await line.settle()
    return await line.hang_up()
