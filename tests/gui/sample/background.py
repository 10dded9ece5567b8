"""A background that is not one: it runs a call at once, so that pictures need no waiting."""

from collections.abc import Callable

from controllers.operations import Deliver
from controllers.streams import Iterate, Mailbox


class DoneTicket:
    """A call that has already been delivered."""

    def cancel(self) -> None:
        """Nothing is left to drop."""


class OpenStream:
    """A stream that a test or a picture feeds by hand."""

    def __init__(self, mailbox: Mailbox, deliver: Deliver) -> None:
        self._mailbox, self._deliver = mailbox, deliver
        self.cancelled = False

    def cancel(self) -> None:
        """Deliver nothing more."""
        self.cancelled = True

    def push(self, item: object) -> None:
        """Bring `item` as the port's iterator would."""
        if not self.cancelled and self._mailbox.put(item):
            self._deliver(self._mailbox, None)

    def end(self, error: BaseException | None) -> None:
        """End as the port's iterator would."""
        if not self.cancelled:
            self.cancelled = True
            self._deliver(None, error)


class ImmediateBackground:
    """Runs and delivers in the calling thread. Streams stay open once their iterator has given its items."""

    def __init__(self) -> None:
        self.streams: list[OpenStream] = []

    def stream(self, iterate: Iterate, mailbox: Mailbox, deliver: Deliver) -> OpenStream:
        """Read what `iterate()` has now."""
        stream = OpenStream(mailbox, deliver)
        self.streams = [each for each in self.streams if not each.cancelled]
        self.streams.append(stream)
        try:
            for item in iterate():
                stream.push(item)
        except Exception as error:  # noqa: BLE001 - delivered to the one who asked, like the real one does
            stream.end(error)
        return stream

    def submit(self, call: Callable[[], object], deliver: Deliver) -> DoneTicket:
        """Run `call` now and deliver its outcome."""
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - delivered to the one who asked, like the real one does
            deliver(None, error)
        else:
            deliver(result, None)
        return DoneTicket()
