from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from backend.contracts.errors import OperatorError
from backend.contracts.live import BreakerTransition
from backend.contracts.providers import BreakerState
from controllers import breakers_feed
from controllers.breakers_feed import ProvidersFeed, Source
from controllers.monitor import Freshness
from tests.gui.sample import providers as samples
from tests.gui.sample.background import ImmediateBackground
from tests.gui.sample.clock import StoppedClock
from tests.gui.sample.providers import SampleProviders

GONE = OperatorError("The gateway does not answer.", "Start the stack.")


@pytest.fixture
def providers(clock: StoppedClock) -> SampleProviders:
    return SampleProviders(clock)


@pytest.fixture
def feed(
    qapp: object, providers: SampleProviders, background: ImmediateBackground, clock: StoppedClock
) -> ProvidersFeed:
    return ProvidersFeed(providers, background, clock)


def transition(clock: StoppedClock) -> BreakerTransition:
    return BreakerTransition(
        provider="discogs",
        endpoint="search",
        from_state=BreakerState.CLOSED,
        to_state=BreakerState.OPEN,
        reason="12 of 20 calls failed",
        epoch=7,
        at=clock(),
    )


def test_it_asks_only_while_somebody_can_see_it(
    feed: ProvidersFeed, providers: SampleProviders, background: ImmediateBackground
) -> None:
    feed.watch("sandbox")
    assert providers.asked == []
    feed.set_visible(True)
    assert providers.asked == ["events sandbox"]
    assert feed.snapshot.freshness is Freshness.LIVE
    assert feed.snapshot.words == "streaming"
    feed.set_visible(False)
    assert all(stream.cancelled for stream in background.streams)


def test_it_asks_nothing_where_nothing_is_deployed(
    feed: ProvidersFeed, providers: SampleProviders, background: ImmediateBackground
) -> None:
    feed.set_visible(True)
    feed.watch("sandbox")
    feed.set_deployed(False)
    assert all(stream.cancelled for stream in background.streams)
    asked = len(providers.asked)
    feed.look_again()
    assert len(providers.asked) == asked
    feed.set_deployed(True)
    assert providers.asked[-1] == "events sandbox"


def test_every_transition_is_told(
    feed: ProvidersFeed, background: ImmediateBackground, clock: StoppedClock, qtbot: QtBot
) -> None:
    heard: list[object] = []
    feed.moved.connect(heard.append)
    feed.set_visible(True)
    feed.watch("sandbox")
    moves = [transition(clock).model_copy(update={"epoch": epoch}) for epoch in range(5)]
    for move in moves:
        background.streams[-1].push(move)
    qtbot.waitUntil(lambda: heard == moves)


def test_a_broken_stream_is_polled_until_it_is_back(
    feed: ProvidersFeed, providers: SampleProviders, background: ImmediateBackground, clock: StoppedClock
) -> None:
    feed.set_visible(True)
    feed.watch("sandbox")
    clock.forward(1)
    background.streams[-1].end(GONE)
    assert providers.asked == ["events sandbox", "live sandbox"]
    assert feed.snapshot.source is Source.POLLING
    assert feed.snapshot.words == "polling every 2 s"
    assert feed._poll.isActive()
    feed._retry.timeout.emit()
    assert feed.snapshot.words == "streaming"
    assert not feed._poll.isActive()


def test_attempts_become_rarer(feed: ProvidersFeed, providers: SampleProviders) -> None:
    providers.error = GONE
    feed.set_visible(True)
    feed.watch("sandbox")
    waits = [feed._retry.interval()]
    for _ in range(6):
        feed._retry.timeout.emit()
        waits.append(feed._retry.interval())
    assert waits == [1000, 2000, 4000, 8000, 16000, 30000, 30000]


def test_old_news_are_stale_and_then_unknown(feed: ProvidersFeed, clock: StoppedClock) -> None:
    feed.set_visible(True)
    feed.watch("sandbox")
    for seconds, fresh, words in (
        (3, Freshness.LIVE, "streaming"),
        (2, Freshness.STALE, "Stale · 5 s old"),
        (40, Freshness.STALE, "Stale · 45 s old"),
        (1, Freshness.UNKNOWN, "Unknown · no data for 46 s"),
    ):
        clock.forward(seconds)
        feed.publish()
        assert (feed.snapshot.freshness, feed.snapshot.words) == (fresh, words)


def test_without_a_gateway_nothing_is_known_at_once(
    feed: ProvidersFeed, providers: SampleProviders, background: ImmediateBackground
) -> None:
    feed.set_visible(True)
    feed.watch("sandbox")
    providers.error = GONE
    background.streams[-1].end(GONE)
    assert feed.snapshot.freshness is Freshness.UNKNOWN
    assert feed.snapshot.error is GONE
    providers.error = None
    feed._poll.timeout.emit()
    assert feed.snapshot.words == "polling every 2 s"
    assert feed.snapshot.error is None


def test_a_stream_that_repeats_itself_grows_stale(
    feed: ProvidersFeed, background: ImmediateBackground, clock: StoppedClock, qtbot: QtBot
) -> None:
    feed.set_visible(True)
    feed.watch("sandbox")
    same = feed.snapshot.live
    heard: list[object] = []
    feed.changed.connect(heard.append)
    clock.forward(5)
    background.streams[-1].push(same)
    qtbot.waitUntil(lambda: bool(heard))
    assert feed.snapshot.freshness is Freshness.STALE


def test_times_are_told_by_the_gateways_clock(
    feed: ProvidersFeed, providers: SampleProviders, clock: StoppedClock
) -> None:
    """A gateway whose clock is an hour ahead still probes in 12 s."""
    providers.current = lambda now: samples.healthy(now + timedelta(hours=1))
    feed.set_visible(True)
    feed.watch("sandbox")
    began = clock()
    clock.forward(4)
    feed.publish()
    assert feed.snapshot.now == began + timedelta(hours=1, seconds=4)


def test_another_environment_starts_with_nothing_known(feed: ProvidersFeed) -> None:
    feed.set_visible(True)
    feed.watch("sandbox")
    heard: list[breakers_feed.ProvidersSnapshot] = []
    feed.changed.connect(heard.append)
    feed.watch("staging")
    assert heard[0].live is None
    assert heard[0].words == "connecting…"
