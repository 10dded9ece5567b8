"""How questions are answered, over each adapter of the cache."""

import asyncio
from dataclasses import replace

import pytest

from backend.contracts.gateway import Lane, Outcome
from backend.services.api_gateway.cache.answers import DAY, REFRESH_PAUSE_SECONDS, STALE_SECONDS
from backend.services.api_gateway.cache.memory import MemoryCache
from backend.services.api_gateway.cache.port import Cache
from backend.services.api_gateway.providers.adapter import Reply
from tests.backend.services.api_gateway.cache.asking import Provided, answers_of, until_kept, until_refreshed
from tests.backend.services.api_gateway.cache.conftest import ABSENT, FOUND, KEY, Clock

NEWER = replace(FOUND, response_id="row-9")
FAILED = Reply(Outcome.FAILURE, detail="the provider did not answer in time")
KEPT_NOWHERE = [outcome for outcome in Outcome if outcome not in {Outcome.OK, Outcome.NOT_FOUND}]


async def test_the_second_question_is_answered_from_the_cache(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    first = await answers.answer(provided.question(), None)
    second = await answers.answer(provided.question(), None)
    assert (first.cached, second.cached, provided.calls) == (False, True, 1)
    assert second.reply == first.reply
    assert (answers.status().hits, answers.status().misses, answers.status().hit_ratio) == (1, 1, 0.5)


async def test_absence_is_answered_from_the_cache_for_a_day_and_counted(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(ABSENT), answers_of(cache, clock)
    for _ in range(3):
        assert (await answers.answer(provided.question(), None)).reply.outcome is Outcome.NOT_FOUND
    assert (provided.calls, answers.status().negative_hits) == (1, 2)
    clock.now += DAY + 1
    assert not (await answers.answer(provided.question(), None)).cached
    clock.now += DAY + 1
    assert (await answers.answer(provided.question(), None)).cached
    assert provided.calls == 2


@pytest.mark.parametrize("outcome", KEPT_NOWHERE)
async def test_no_trouble_is_ever_kept(cache: Cache, clock: Clock, outcome: Outcome) -> None:
    provided, answers = Provided(Reply(outcome)), answers_of(cache, clock)
    for _ in range(2):
        answer = await answers.answer(provided.question(), None)
        assert (answer.reply.outcome, answer.cached) == (outcome, False)
    assert provided.calls == 2
    assert await cache.get(KEY) is None
    assert answers.status().errors == 2


async def test_who_waits_does_not_join_a_call_in_the_bulk_lane_and_bulk_joins_those_who_wait(
    cache: Cache, clock: Clock
) -> None:
    queued, urgent, answers = Provided(), Provided(), answers_of(cache, clock)
    for provided in (queued, urgent):
        provided.open.clear()
    bulk = replace(queued.question(), lane=Lane.BULK)
    waiting = [asyncio.create_task(answers.answer(bulk, None)) for _ in range(2)]
    await queued.asked.wait()
    first = asyncio.create_task(answers.answer(urgent.question(), None))
    await urgent.asked.wait()
    more = [asyncio.create_task(answers.answer(each, None)) for each in (urgent.question(), bulk)]
    await asyncio.sleep(0)
    urgent.open.set()
    for task in (first, *more):
        assert (await task).reply.outcome is Outcome.OK
    assert not any(task.done() for task in waiting)
    queued.open.set()
    await asyncio.gather(*waiting)
    assert (queued.calls, urgent.calls) == (1, 1)


async def test_nobody_waits_longer_than_a_question_may_take_and_the_late_answer_is_kept(
    cache: Cache, clock: Clock
) -> None:
    provided, answers = Provided(), answers_of(cache, clock, patience=0.02)
    provided.open.clear()
    for _ in range(2):  # the second one joins the call of the first
        late = (await answers.answer(provided.question(), None)).reply
        assert (late.outcome, late.detail) == (Outcome.FAILURE, "no answer came within 0.02 seconds")
    provided.open.set()
    await until_kept(cache)
    assert provided.calls == 1


async def test_past_its_time_an_answer_stands_in_for_one_that_does_not_come_in_time(
    cache: Cache, clock: Clock
) -> None:
    provided, answers = Provided(), answers_of(cache, clock, patience=0.02)
    await answers.answer(provided.question(), None)
    clock.now += 7 * DAY + DAY + 1
    provided.open.clear()
    spare = await answers.answer(provided.question(), None)
    assert (spare.cached, spare.reply.response_id) == (True, "row-1")
    assert spare.reply.detail == "an older answer, because no answer came within 0.02 seconds"
    provided.open.set()


async def test_success_without_candidates_is_no_absence(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(Reply(Outcome.OK)), answers_of(cache, clock)
    await answers.answer(provided.question(), None)
    assert await cache.get(KEY) is None


async def test_past_its_time_an_answer_comes_at_once_and_a_newer_one_is_fetched(
    cache: Cache, clock: Clock
) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    await answers.answer(provided.question(), None)
    clock.now += 7 * DAY + 1
    provided.reply = NEWER
    provided.open.clear()
    for _ in range(5):  # the refresh hangs meanwhile
        stale = await answers.answer(provided.question(), None)
        assert (stale.cached, stale.reply.response_id) == (True, "row-1")
        assert stale.reply.detail == "an older answer; a newer one is being fetched"
    provided.open.set()
    await until_refreshed(provided, answers, 2)
    fresh = await answers.answer(provided.question(), None)
    assert (fresh.reply.response_id, fresh.reply.detail) == ("row-9", "")
    assert (provided.calls, provided.refreshes) == (2, 1)
    status = answers.status()
    assert (status.stale_answers, status.refreshes, status.hits) == (5, 1, 6)


async def test_a_refresh_that_fails_is_not_tried_again_for_a_minute(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    await answers.answer(provided.question(), None)
    clock.now += 7 * DAY + 1
    provided.reply = FAILED
    await answers.answer(provided.question(), None)
    await until_refreshed(provided, answers, 2)
    for _ in range(5):
        stale = await answers.answer(provided.question(), None)
        assert stale.reply.response_id == "row-1"
        assert stale.reply.detail == "an older answer; a newer one could not be fetched yet"
    assert provided.calls == 2
    clock.now += REFRESH_PAUSE_SECONDS
    provided.reply = NEWER
    await answers.answer(provided.question(), None)
    await until_refreshed(provided, answers, 3)
    assert (await answers.answer(provided.question(), None)).reply.response_id == "row-9"


async def test_few_refreshes_run_at_once(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    keys = [("deezer", "track", "1", str(number)) for number in range(10)]
    for key in keys:
        await answers.answer(provided.question(key), None)
    clock.now += 7 * DAY + 1
    provided.open.clear()
    for key in keys:
        assert (await answers.answer(provided.question(key), None)).cached
    assert answers.refreshing == 4
    provided.open.set()
    await until_refreshed(provided, answers, 14)
    assert provided.calls == 14


async def test_a_day_past_its_time_an_answer_only_stands_in_for_a_failing_provider(
    cache: Cache, clock: Clock
) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    await answers.answer(provided.question(), None)
    clock.now += 8 * DAY + 1
    provided.reply = FAILED
    answer = await answers.answer(provided.question(), None)
    assert (answer.cached, answer.reply.outcome, answer.reply.response_id) == (True, Outcome.OK, "row-1")
    assert answer.reply.detail == "an older answer, because the provider did not answer in time"
    provided.reply = NEWER
    assert (await answers.answer(provided.question(), None)).reply == NEWER
    assert answers.status().stale_answers == 1


async def test_an_answer_too_old_stands_in_for_nobody(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    await answers.answer(provided.question(), None)
    clock.now += 7 * DAY + STALE_SECONDS + 1
    provided.reply = FAILED
    assert (await answers.answer(provided.question(), None)).reply is FAILED


async def test_absence_does_not_stand_in_for_a_failing_provider(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(ABSENT), answers_of(cache, clock)
    await answers.answer(provided.question(), None)
    clock.now += DAY + 1
    provided.reply = FAILED
    assert (await answers.answer(provided.question(), None)).reply is FAILED


async def test_a_hundred_askers_make_one_call(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    provided.open.clear()
    asking = [asyncio.create_task(answers.answer(provided.question(), None)) for _ in range(100)]
    await provided.asked.wait()
    provided.open.set()
    assert {answer.reply.response_id for answer in await asyncio.gather(*asking)} == {"row-1"}
    assert provided.calls == 1


async def test_what_was_invalidated_while_it_was_fetched_is_not_kept(cache: Cache, clock: Clock) -> None:
    provided, answers = Provided(), answers_of(cache, clock)
    provided.open.clear()
    asking = asyncio.create_task(answers.answer(provided.question(), None))
    await provided.asked.wait()
    await answers.invalidate("search")
    provided.open.set()
    await asking
    await answers.answer(provided.question(), None)
    assert provided.calls == 2


async def test_closing_ends_what_is_under_way(clock: Clock) -> None:
    provided, answers = Provided(), answers_of(MemoryCache(clock), clock)
    await answers.answer(provided.question(), None)
    clock.now += 7 * DAY + 1
    provided.open.clear()
    await answers.answer(provided.question(), None)
    await answers.close()
    assert answers.refreshing == 0
