"""Both workers are killed in the middle of a batch: every track ends exactly once, over either broker.

`--full-faults` kills them in a batch of the 10,000 tracks of the goal instead of a few hundred.
"""

import signal
from uuid import uuid4

import pytest

from backend.contracts.enrichment import BatchProgress
from backend.database.address import DatabaseAddress
from backend.messaging.port import Message
from backend.messaging.topology import QUEUES
from tests.backend.messaging.broker_contract import depth_becomes
from tests.backend.services.metadata_enrichment.bulk import (
    broker_of,
    catalogue_tracks,
    end_workers,
    publish,
    start_workers,
)
from tests.fixtures.service_processes import DLQ, ENRICHMENT, ServiceProcesses
from tests.waiting import wait_until

pytestmark = pytest.mark.stack

SPOILT = 7
"""Messages that are no request and can only become dead letters."""
BATCH = 1000
_ONCE = {
    "SELECT count(*) FROM enriched_tracks",
    "SELECT count(*) FROM enrichment_quality_scores",
    "SELECT count(*) FROM raw_track_enrichment_requests",
    "SELECT count(*) FROM enrichment_requests WHERE status IN ('completed', 'partial')",
    "SELECT count(*) FROM enrichment_requests",
    "SELECT count(DISTINCT track_id) FROM enrichment_requests",
}
"""Each counts a row a track, when every track was worked on exactly once."""
_DEAD_LETTERS = "SELECT count(*) FROM dead_letters.messages"


@pytest.mark.timeout(3600)
async def test_every_track_of_a_batch_ends_once_though_both_workers_are_killed(
    killable: ServiceProcesses, request: pytest.FixtureRequest
) -> None:
    count = 10_000 if request.config.getoption("--full-faults") else 250
    correlation = f"import-{uuid4()}"
    killable.simulator.turn("spotify", error_rate=0.05, enforce_limit=False)
    tracks = catalogue_tracks(count, correlation)
    for start in range(0, count, BATCH):
        killable.post(ENRICHMENT, "/enrich/batch", tracks[start : start + BATCH])
    await publish(killable, [Message(f"spoilt-{number}", b'{"track_id": "?"}') for number in range(SPOILT)])

    wait_until(lambda: progress(killable, correlation).completed >= count // 3, 600)
    end_workers(killable, signal.SIGKILL)
    assert 0 < progress(killable, correlation).completed < count
    killable.let_leases_end()
    start_workers(killable)
    wait_until(lambda: progress(killable, correlation).is_finished, 900)
    wait_until(lambda: dead_letters(killable) >= SPOILT)

    found = progress(killable, correlation)
    await end_with_empty_queues(killable)
    assert {statement: counted(killable.musicdb, statement) for statement in _ONCE} == dict.fromkeys(
        _ONCE, count
    )
    assert counted(killable.operations, _DEAD_LETTERS) == SPOILT
    assert found.completed + found.partial == found.tracks == count


async def end_with_empty_queues(services: ServiceProcesses) -> None:
    """Stop all consumers when the queues are empty; nothing is left, also none that was at a consumer.

    RabbitMQ does not tell what is at the consumers of others; what they give back when they end, it does.
    """
    async with broker_of(services) as broker:
        for queue in QUEUES:
            await depth_becomes(broker, queue.name, 0)
        end_workers(services, signal.SIGTERM)
        services.end(DLQ, signal.SIGTERM)
        depths = {queue.name: await broker.depth(queue.name) for queue in QUEUES}
    assert depths == dict.fromkeys(depths, 0)


def progress(services: ServiceProcesses, correlation: str) -> BatchProgress:
    return BatchProgress.model_validate(services.get(ENRICHMENT, f"/enrich/batches/{correlation}"))


def dead_letters(services: ServiceProcesses) -> int:
    return int(services.get(DLQ, "/dlq/stats")["total_messages"])


def counted(database: DatabaseAddress, statement: str) -> int:
    with database.connect() as connection:
        row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
