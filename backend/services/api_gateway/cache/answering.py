"""How a question is answered: from the cache when possible, else by the provider, one question at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from backend.contracts.gateway import CacheStatus, Lane, Outcome
from backend.services.api_gateway.cache.answers import (
    REFRESH_PAUSE_SECONDS,
    Entry,
    Freshness,
    Key,
    entry_for,
    is_answer,
)
from backend.services.api_gateway.cache.port import Cache
from backend.services.api_gateway.cache.single_flight import SingleFlight
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.providers.adapter import Reply
from backend.services.common.background import end

_REFRESHES_AT_ONCE = 4
"""Of one provider: what is merely refreshed must not crowd out what is asked for."""
QUESTION_SECONDS = 25.0
"""Longest that anybody waits for an answer, whatever it is made of: places within the limit, several forms of
asking, tries again, another replica's call. Enrichment waits 30."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class Question:
    """What is asked of a provider."""

    key: Key
    seconds: float
    """How long candidates stay fresh."""
    ask: Callable[[str | None], Awaitable[Reply]]
    """Asks the provider, for a correlation identifier. Raises nothing for what the provider does."""
    refresh: Callable[[str | None], Awaitable[Reply]]
    """Asks the same when nobody waits for the answer."""
    lane: Lane = Lane.INTERACTIVE
    """In which `ask` waits for the provider's limit."""


@dataclass(frozen=True)
class Answer:
    """A reply, and whether it was kept or is the provider's just now."""

    reply: Reply
    cached: bool = False


@dataclass
class _Counts:
    hits: int = 0
    misses: int = 0
    errors: int = 0
    negative: int = 0
    stale: int = 0
    shared: int = 0
    refreshes: int = 0


class Answers:
    """Answers the questions to one provider."""

    def __init__(
        self,
        provider: str,
        cache: Cache,
        metrics: GatewayMetrics,
        clock: Callable[[], float],
        patience: float = QUESTION_SECONDS,
    ) -> None:
        self._provider = provider
        self._cache = cache
        self._metrics = metrics
        self._clock = clock
        self._patience = patience
        self._flight: SingleFlight[Reply | Entry] = SingleFlight()
        self._refreshes: dict[Key, asyncio.Task[None]] = {}
        self._counts = _Counts()

    @property
    def refreshing(self) -> int:
        """Refreshes under way."""
        return len(self._refreshes)

    def fresh_at_hand(self, key: Key) -> Entry | None:
        """A fresh entry of this process, counted as an answer from the cache; never waits."""
        entry = self._cache.at_hand(key)
        if entry is None or self._clock() > entry.fresh_until:
            return None
        self._count_hit(key, entry)
        return entry

    async def answer(self, question: Question, correlation_id: str | None) -> Answer:
        """The kept answer while it holds, past its time with a refresh behind it; else the provider's."""
        key = question.key
        if (entry := self.fresh_at_hand(key)) is not None:
            return Answer(entry.reply(), cached=True)
        entry = await self._cache.get(key)
        if entry is not None:
            match entry.freshness(self._clock()):
                case Freshness.FRESH:
                    self._counts.shared += 1
                    self._count_hit(key, entry)
                    return Answer(entry.reply(), cached=True)
                case Freshness.STALE:
                    return self._stale(question, entry)
        return await self._from_provider(question, entry, correlation_id)

    def status(self) -> CacheStatus:
        """This provider's share of the cache."""
        counts = self._counts
        asked = counts.hits + counts.misses
        return CacheStatus(
            hits=counts.hits,
            misses=counts.misses,
            errors=counts.errors,
            hit_ratio=counts.hits / asked if asked else 0.0,
            entries=self._cache.count(self._provider),
            negative_hits=counts.negative,
            stale_answers=counts.stale,
            shared_hits=counts.shared,
            refreshes=counts.refreshes,
        )

    async def invalidate(self, operation: str | None) -> bool:
        """Forget the answers, or those of one operation. False: other replicas do not know yet."""
        return await self._cache.invalidate(self._provider, operation)

    async def close(self) -> None:
        """End the refreshes under way."""
        await end(self._refreshes.values())
        await self._flight.close()

    def _stale(self, question: Question, entry: Entry) -> Answer:
        self._refresh(question, entry)
        self._counts.stale += 1
        self._count_hit(question.key, entry)
        fetching = question.key in self._refreshes
        newer = "a newer one is being fetched" if fetching else "a newer one could not be fetched yet"
        return Answer(entry.reply(f"an older answer; {newer}"), cached=True)

    async def _from_provider(
        self, question: Question, before: Entry | None, correlation_id: str | None
    ) -> Answer:
        given = await self._ask_in_time(question, before, correlation_id)
        if isinstance(given, Entry):
            self._counts.shared += 1
            self._count_hit(question.key, given)
            return Answer(given.reply(), cached=True)
        self._counts.misses += 1
        self._metrics.answered(self._provider, question.key[1], given.outcome)
        if before is not None and before.found and not is_answer(given):
            self._counts.stale += 1
            return Answer(
                before.reply(f"an older answer, because {given.detail or given.outcome}"), cached=True
            )
        return Answer(given)

    async def _ask_in_time(
        self, question: Question, before: Entry | None, correlation_id: str | None
    ) -> Reply | Entry:
        """The answer, or that there was none in time; the call goes on for those who ask later."""
        try:
            async with asyncio.timeout(self._patience) as limit:
                return await self._ask_once(question, before, correlation_id)
        except TimeoutError:
            if not limit.expired():
                raise
            return Reply(Outcome.FAILURE, detail=f"no answer came within {self._patience:g} seconds")

    async def _ask_once(
        self, question: Question, before: Entry | None, correlation_id: str | None
    ) -> Reply | Entry:
        """One call for all who ask for the same, here and in the other replicas.

        Whoever waits for an answer does not join a call in the bulk lane, but makes one for all who wait.
        """

        async def ask() -> Reply:
            return await self._fetch(question, before, correlation_id)

        async def ask_for_all() -> Reply | Entry:
            return await self._cache.ask_once(question.key, ask)

        urgent, bulk = (question.key, Lane.INTERACTIVE), (question.key, Lane.BULK)
        if question.lane is Lane.BULK and not self._flight.is_under_way(urgent):
            return await self._flight.run(bulk, ask_for_all)
        return await self._flight.run(urgent, ask if self._flight.is_under_way(bulk) else ask_for_all)

    async def _fetch(self, question: Question, before: Entry | None, correlation_id: str | None) -> Reply:
        generation = self._cache.generation(question.key)
        reply = await question.ask(correlation_id)
        if is_answer(reply):
            entry = entry_for(reply, self._clock(), question.seconds, before, generation)
            await self._cache.put(question.key, entry)
        else:
            self._counts.errors += 1
        return reply

    def _refresh(self, question: Question, entry: Entry) -> None:
        """Fetch a newer answer behind the asker's back, once at a time and not too soon after a failure."""
        key = question.key
        busy = key in self._refreshes or len(self._refreshes) >= _REFRESHES_AT_ONCE
        if busy or self._clock() < entry.refresh_after:
            return
        self._counts.refreshes += 1
        task = asyncio.create_task(self._fetch_newer(question, entry))
        self._refreshes[key] = task
        task.add_done_callback(lambda done: self._refreshed(key, done))

    async def _fetch_newer(self, question: Question, entry: Entry) -> None:
        given = await self._ask_once(replace(question, ask=question.refresh, lane=Lane.BULK), entry, None)
        if isinstance(given, Reply) and not is_answer(given):
            later = self._clock() + REFRESH_PAUSE_SECONDS
            await self._cache.put(question.key, replace(entry, refresh_after=later))

    def _refreshed(self, key: Key, task: asyncio.Task[None]) -> None:
        del self._refreshes[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("refresh_failed", provider=self._provider, operation=key[1], exc_info=error)

    def _count_hit(self, key: Key, entry: Entry) -> None:
        self._counts.hits += 1
        if not entry.found:
            self._counts.negative += 1
        self._metrics.answered_from_cache(self._provider, key[1])
