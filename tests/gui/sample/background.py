"""A background that is not one: it runs a call at once, so that pictures need no waiting."""

from collections.abc import Callable

from controllers.operations import Deliver


class DoneTicket:
    """A call that has already been delivered."""

    def cancel(self) -> None:
        """Nothing is left to drop."""


class ImmediateBackground:
    """Runs and delivers in the calling thread."""

    def submit(self, call: Callable[[], object], deliver: Deliver) -> DoneTicket:
        """Run `call` now and deliver its outcome."""
        try:
            result = call()
        except Exception as error:  # noqa: BLE001 - delivered to the one who asked, like the real one does
            deliver(None, error)
        else:
            deliver(result, None)
        return DoneTicket()
