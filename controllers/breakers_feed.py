"""The providers as they are now: the gateway's live stream, and polling while the stream is broken."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from backend.contracts.errors import OperatorError
from backend.contracts.live import BreakerTransition, LiveProviders
from controllers.clock import Clock
from controllers.monitor import UNKNOWN_SECONDS, Freshness
from controllers.operations import Operation
from controllers.ports import ProvidersPort
from controllers.streams import Stream, StreamingBackground
from controllers.wording import span

LIVE_SECONDS = 3
POLL_MS = 2000
FIRST_TICK_MS, TICK_MS = 1200, 1000
FIRST_RETRY_MS, LONGEST_RETRY_MS = 1000, 30_000


class Source(StrEnum):
    """How the newest news came."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    POLLING = "polling"


@dataclass(frozen=True)
class ProvidersSnapshot:
    """What the gateway said last, and how old it is."""

    live: LiveProviders | None = None
    error: OperatorError | None = None
    """Why nothing newer came; none after a success."""
    source: Source = Source.CONNECTING
    age_seconds: float | None = None
    freshness: Freshness = Freshness.UNKNOWN
    deployed: bool = True

    @property
    def now(self) -> datetime | None:
        """The present moment by the gateway's clock, which all of its times are told by."""
        if self.live is None or self.age_seconds is None:
            return None
        return self.live.at + timedelta(seconds=self.age_seconds)

    @property
    def words(self) -> str:
        """`streaming`, `polling every 2 s`, `Stale · 5 s old` or `Unknown · no data for 1 min 5 s`."""
        if self.age_seconds is None:
            return "Unknown · no data yet" if self.error is not None else "connecting…"
        match self.freshness:
            case Freshness.LIVE:
                return (
                    "streaming" if self.source is Source.STREAMING else f"polling every {POLL_MS // 1000} s"
                )
            case Freshness.STALE:
                return f"Stale · {span(self.age_seconds)} old"
            case _:
                return f"Unknown · no data for {span(self.age_seconds)}"


class ProvidersFeed(QObject):
    """Follows one environment's gateway while somebody can see it.

    Signals: `changed` with a ProvidersSnapshot for all news, and every second while the last one ages;
    `moved` with each BreakerTransition.
    """

    changed = Signal(object)
    moved = Signal(object)

    def __init__(
        self,
        providers: ProvidersPort,
        background: StreamingBackground,
        clock: Clock,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._providers, self._clock = providers, clock
        self._environment = ""
        self._visible, self._gateway_lost = False, False
        self._wait_ms = FIRST_RETRY_MS
        self._heard_at: datetime | None = None
        self.snapshot = ProvidersSnapshot()
        self._stream = Stream(background, LiveProviders, self)
        self._stream.received.connect(self._on_items)
        self._stream.broken.connect(self._on_broken)
        self._asking = Operation(background, self)
        self._asking.succeeded.connect(self._on_polled)
        self._asking.failed.connect(self._on_poll_failed)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._ask)
        self._retry = QTimer(self, singleShot=True)
        self._retry.timeout.connect(self._open)
        self._ageing = QTimer(self)
        self._ageing.timeout.connect(self._tick)

    def watch(self, environment: str) -> None:
        """Look at `environment` from now on; what was known of another one is forgotten."""
        self._environment, self._heard_at, self._gateway_lost = environment, None, False
        self.snapshot = ProvidersSnapshot()
        self.changed.emit(self.snapshot)
        self._restart()

    def set_visible(self, visible: bool) -> None:
        """Follow only while the window can be seen."""
        if visible != self._visible:
            self._visible = visible
            self._restart()

    def set_deployed(self, deployed: bool) -> None:
        """Ask nothing where nothing is deployed: nobody could answer."""
        if deployed != self.snapshot.deployed:
            self.snapshot = replace(self.snapshot, deployed=deployed)
            self.publish()
            self._restart()

    @Slot()
    def look_again(self) -> None:
        """Open the stream anew now instead of at the next attempt."""
        self._restart()

    @Slot()
    def publish(self) -> None:
        """Tell the present age."""
        age = None
        if self._heard_at is not None:
            age = max(0.0, (self._clock() - self._heard_at).total_seconds())
        fresh = Freshness.UNKNOWN if self._gateway_lost else _freshness(age)
        self.snapshot = replace(self.snapshot, age_seconds=age, freshness=fresh)
        self.changed.emit(self.snapshot)

    @Slot()
    def _tick(self) -> None:
        self._ageing.start(TICK_MS)
        self.publish()

    def _restart(self) -> None:
        self._stream.close()
        self._asking.cancel()
        for timer in (self._poll, self._retry, self._ageing):
            timer.stop()
        if self._visible and self._environment and self.snapshot.deployed:
            self._ageing.start(TICK_MS)
            self._wait_ms = FIRST_RETRY_MS
            self._open()

    @Slot()
    def _open(self) -> None:
        self._stream.open(partial(self._providers.events, self._environment))

    @Slot()
    def _ask(self) -> None:
        self._asking.run_if_idle(partial(self._providers.live, self._environment))

    @Slot(object)
    def _on_items(self, items: list[object]) -> None:
        self._poll.stop()
        self._asking.cancel()
        self._wait_ms = FIRST_RETRY_MS
        for item in items:
            if isinstance(item, BreakerTransition):
                self.moved.emit(item)
        newest = next((item for item in reversed(items) if isinstance(item, LiveProviders)), None)
        if newest is not None:
            self._take(newest, Source.STREAMING)

    @Slot(object)
    def _on_broken(self, error: OperatorError | None) -> None:
        """Ask every two seconds until the stream is back, which is tried less and less often."""
        self.snapshot = replace(self.snapshot, error=error or self.snapshot.error, source=Source.POLLING)
        self._retry.start(self._wait_ms)
        self._wait_ms = min(2 * self._wait_ms, LONGEST_RETRY_MS)
        self._poll.start()
        self._ask()

    @Slot(object)
    def _on_polled(self, live: LiveProviders) -> None:
        self._take(live, Source.POLLING)

    @Slot(object)
    def _on_poll_failed(self, error: OperatorError) -> None:
        self._gateway_lost = True
        self.snapshot = replace(self.snapshot, error=error)
        self.publish()

    def _take(self, live: LiveProviders, source: Source) -> None:
        # The same moment told twice is no news: a stream that repeats itself grows stale too.
        if self.snapshot.live is None or live.at != self.snapshot.live.at:
            self._heard_at = self._clock()
        self._gateway_lost = False
        self.snapshot = replace(self.snapshot, live=live, error=None, source=source)
        # A little longer than the stream takes between two items, which tell the age as well.
        self._ageing.start(FIRST_TICK_MS)
        self.publish()


def _freshness(age: float | None) -> Freshness:
    """Live up to 3 s, stale up to 45 s, unknown beyond."""
    if age is None or age > UNKNOWN_SECONDS:
        return Freshness.UNKNOWN
    return Freshness.LIVE if age <= LIVE_SECONDS else Freshness.STALE
