"""Kinds of calls that a provider has closed."""

import pytest

from backend.contracts.gateway import Outcome
from backend.contracts.providers import EndpointClass
from backend.services.api_gateway.calls.switches import (
    OTHERS_SECONDS,
    REFUSALS,
    TRIAL_SECONDS,
    CapabilitySwitches,
)
from backend.services.api_gateway.providers.adapter import Reply

GONE = Reply(Outcome.CAPABILITY_GONE, detail="the provider answered with HTTP 403")


class World:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.switches = CapabilitySwitches("spotify", lambda: self.now)
        self.switches.note(EndpointClass.LOOKUP, Reply(Outcome.OK))  # so that others are known to work

    def may_call(self, kind: EndpointClass) -> bool:
        return self.switches.refusal(kind) is None


def test_a_closed_kind_is_off_and_the_others_are_not() -> None:
    world = World()
    world.switches.note(EndpointClass.FEATURES, GONE)
    assert not world.may_call(EndpointClass.FEATURES)
    assert world.may_call(EndpointClass.SEARCH)
    refusal = world.switches.refusal(EndpointClass.FEATURES)
    assert refusal is not None
    assert refusal.outcome is Outcome.CAPABILITY_GONE
    assert refusal.retry_at is not None
    assert "spotify has closed its features calls (the provider answered with HTTP 403)" in refusal.detail


def test_one_call_a_day_tries_it_again() -> None:
    world = World()
    world.switches.note(EndpointClass.SEARCH, GONE)
    world.now += TRIAL_SECONDS - 1
    assert not world.may_call(EndpointClass.SEARCH)
    world.now += 1
    assert [world.may_call(EndpointClass.SEARCH) for _ in range(3)] == [True, False, False]


def test_a_trial_that_fails_keeps_it_off_since_the_first_time() -> None:
    world = World()
    world.switches.note(EndpointClass.SEARCH, GONE)
    first = world.switches.off[EndpointClass.SEARCH].since
    world.now += TRIAL_SECONDS
    assert world.may_call(EndpointClass.SEARCH)
    world.switches.note(EndpointClass.SEARCH, GONE)
    world.now += TRIAL_SECONDS - 1
    assert not world.may_call(EndpointClass.SEARCH)
    assert world.switches.off[EndpointClass.SEARCH].since == first


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.NOT_FOUND, Outcome.EMPTY_SUSPECT])
def test_a_trial_that_is_answered_switches_it_on(outcome: Outcome) -> None:
    world = World()
    world.switches.note(EndpointClass.SEARCH, GONE)
    world.now += TRIAL_SECONDS
    assert world.may_call(EndpointClass.SEARCH)
    world.switches.note(EndpointClass.SEARCH, Reply(outcome))
    assert not world.switches.off
    assert world.may_call(EndpointClass.SEARCH)


def test_a_trial_that_says_nothing_leaves_it_off() -> None:
    world = World()
    world.switches.note(EndpointClass.SEARCH, GONE)
    world.now += TRIAL_SECONDS
    assert world.may_call(EndpointClass.SEARCH)
    world.switches.note(EndpointClass.SEARCH, Reply(Outcome.THROTTLED))
    assert not world.may_call(EndpointClass.SEARCH)


def test_an_operator_switches_everything_on() -> None:
    world = World()
    world.switches.note(EndpointClass.SEARCH, GONE)
    world.switches.restore()
    assert world.may_call(EndpointClass.SEARCH)


def test_one_refusal_closes_nothing_while_no_other_kind_is_known_to_work() -> None:
    world = World()
    world.now += OTHERS_SECONDS + 1
    for _ in range(REFUSALS - 1):
        world.switches.note(EndpointClass.SEARCH, GONE)
        assert world.may_call(EndpointClass.SEARCH)
    world.switches.note(EndpointClass.SEARCH, GONE)
    assert not world.may_call(EndpointClass.SEARCH)


def test_an_answer_between_refusals_starts_the_count_again() -> None:
    world = World()
    world.now += OTHERS_SECONDS + 1
    for outcome in (GONE, GONE, Reply(Outcome.NOT_FOUND), GONE, GONE):
        world.switches.note(EndpointClass.SEARCH, outcome)
    assert world.may_call(EndpointClass.SEARCH)
