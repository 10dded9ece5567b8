"""G10 with the broker away: what is cancelled meanwhile is not sent when it comes back."""

from backend.messaging.topology import ENRICHMENT_REQUESTS
from tests.faults.ledger import rows
from tests.faults.stand import Stand, until
from tests.fixtures.rabbitmq_server import RabbitServer

_LETTERS = 60


async def test_what_is_cancelled_while_rabbitmq_is_away_is_never_sent(
    rabbitmq_stand: Stand, rabbitmq_server: RabbitServer
) -> None:
    stand = rabbitmq_stand
    async with stand.broker() as broker:
        stand.start()
        await stand.produce(broker, _LETTERS)
        await until(stand.has_taken_in)
    rabbitmq_server.kill()
    try:
        operation = stand.make()
        stand.command(operation, "start")
        await until(lambda: stand.operation(operation)["counts"]["claimed"] == _LETTERS)
        await until(lambda: "not_sent" in stand.meter()["problem_kinds"])
        stand.command(operation, "cancel")
        await until(lambda: stand.operation(operation)["counts"]["cancelled"] == _LETTERS)
        unsent = "SELECT count(*) FROM dead_letters.outbox WHERE finished_at IS NULL"
        assert rows(stand.operations, unsent) == [(0,)]
    finally:
        rabbitmq_server.start()
    await until(stand.is_well)
    await until(lambda: "not_sent" not in stand.meter()["problem_kinds"])
    async with stand.broker() as broker:
        assert await broker.depth(ENRICHMENT_REQUESTS) == 0
    assert stand.states() == {"failed": _LETTERS}
