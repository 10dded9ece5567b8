"""T1: kill -9 of the manager as it takes letters in, at each step of it, over both brokers. I1, I2, I5."""

import itertools
import random

from tests.backend.services.dlq_manager.enrichment_worker import working_on
from tests.faults.failpoints import INGESTER
from tests.faults.stand import Stand, until

_LETTERS = 12


async def test_t1_killed_at_every_step_of_taking_in_nothing_is_lost_or_doubled(
    stand: Stand, full: bool
) -> None:
    """Every round dies where it was told to: received, in the transaction, after COMMIT, between two acks.

    The next manager takes in what is left before it dies in its turn: letters on which managers die
    several times are set aside, which is another rule (L6) and another test.
    """
    chance = random.Random(4711)
    steps = [step for step in INGESTER if step != "outcome"]
    async with stand.broker() as broker:
        for step in itertools.islice(itertools.cycle(steps), 1000 if full else 4):
            stand.start(f"{step}:{chance.randint(0, 2) if step == 'acknowledging' else 0}")
            await stand.produce(broker, _LETTERS)
            await until(stand.has_died)
            stand.start()
            await until(stand.has_taken_in)
            stand.kill()
        stand.start()
        await until(stand.has_taken_in)
        stand.ledger.check_intake(stand.operations)
        assert stand.states() == {"failed": len(stand.ledger.produced)}


async def test_t1_killed_after_an_outcome_was_stored_it_is_applied_once(stand: Stand, full: bool) -> None:
    """The outcome is committed and not acknowledged: it comes again and changes nothing."""
    async with stand.broker() as broker, working_on(broker, stand.ledger.judge):
        for _ in range(200 if full else 2):
            await stand.die_at_work(broker, "outcome", 4)
        stand.start()
        await stand.resolve_all()
        stand.ledger.check_sendings(stand.operations)
