"""When a letter that comes back is hopeless: also by turns with another failure, or too fast to be tried."""

import pytest

from backend.contracts.dead_letters import DeadLetterState
from backend.services.dlq_manager.loop_rules import Failure, judge
from tests.backend.services.dlq_manager.manager import Manager, dead

A, B, C = "cause-a", "cause-b", "cause-c"


def failures(*names: str, seconds: float = 9.0) -> list[Failure]:
    """The first one and its returns."""
    return [Failure(name, number > 0, seconds) for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "is_hopeless"),
    [
        ((A, A, A), False),
        ((A, A, A, A), True),
        ((A, B, B, B), True),
        ((A, B, A), False),
        ((A, B, A, B), True),
        ((C, A, B, A), True),
        ((A, B, C, A), False),
        ((A, B, C, B, A), False),
    ],
)
def test_by_turns_counts_as_the_same(names: tuple[str, ...], is_hopeless: bool) -> None:
    assert bool(judge(failures(*names), names[-1], None)) is is_hopeless


def test_one_that_is_faster_than_half_of_all_successes_counts_double() -> None:
    told = judge(failures(A, A, A, seconds=0.1), A, 0.5)
    assert told == "came back 2 times with the same failure, 2 of them faster than it can have been tried"
    assert judge(failures(A, A, A, seconds=0.6), A, 0.5) == ""
    assert judge(failures(A, A, seconds=0.1), A, 0.5) == ""
    one_fast = [Failure(A, False), Failure(A, True, 9.0), Failure(A, True, 0.1)]
    assert judge(one_fast, A, 0.5) != ""


async def test_ping_pong_is_quarantined_and_says_so(manager: Manager) -> None:
    await manager.take(dead(error="No answer from discogs"))
    for generation, error in enumerate(("No such place", "No answer from discogs", "No such place"), 1):
        await manager.send()
        await manager.take(dead(generation=generation, error=error))
    letter = await manager.letter()
    assert letter.state is DeadLetterState.QUARANTINED
    assert letter.audit[-1].reason == "came back 3 times, with one failure and another by turns"
