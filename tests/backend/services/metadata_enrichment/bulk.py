"""What the tests of bulk work share: messages in the queue, and what became of them."""

import itertools
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

from psycopg_pool import AsyncConnectionPool

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.environment import PROVIDERS
from backend.messaging.port import Broker, Message
from backend.messaging.postgres import PostgresBroker
from backend.messaging.postgres_queue import Connection
from backend.messaging.rabbitmq import RabbitBroker
from backend.messaging.topology import ENRICHMENT_REQUESTS
from backend.sandbox.catalogue import load_catalogue
from tests.fixtures.service_processes import ServiceProcesses, together

WORKERS = ("worker-1", "worker-2")
TITLES = ("Around the World", "Harder, Better, Faster, Stronger", "Da Funk", "One More Time")
_NUMBERS = itertools.count()
STATUSES = "SELECT status, count(*)::int FROM enrichment_requests WHERE track_id = ANY(%s) GROUP BY status"


def start_workers(services: ServiceProcesses) -> None:
    """Start those workers that do not run, and wait until they are healthy."""
    missing = [name for name in WORKERS if name not in services.processes]
    together(*(partial(services.start_worker, name, SONGNODES_WORKER_PREFETCH="8") for name in missing))


def end_workers(services: ServiceProcesses, number: signal.Signals) -> None:
    """Send both workers the signal at once, and wait until they have ended."""
    together(*(partial(services.end, worker, number) for worker in WORKERS))


def new_id(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def message(track_id: str) -> Message:
    """A queued request; another spelling each time, so that no cache answers for the providers."""
    number = next(_NUMBERS)
    title = TITLES[number % len(TITLES)] + "!" * (number // len(TITLES) + 1)
    request = EnrichRequest(track_id=track_id, artist_name="Daft Punk", track_title=title)
    return Message(str(uuid4()), request.model_dump_json().encode())


def again(first: Message) -> Message:
    """The same request, queued once more."""
    return Message(str(uuid4()), first.body)


async def publish(services: ServiceProcesses, messages: Sequence[Message]) -> None:
    """Put messages into the work queue, as whoever else may."""
    async with broker_of(services) as broker:
        await broker.publish(ENRICHMENT_REQUESTS, messages)


@asynccontextmanager
async def broker_of(services: ServiceProcesses) -> AsyncIterator[Broker]:
    """The broker that the services use, from outside."""
    if url := services.more.get("SONGNODES_AMQP_URL"):
        async with RabbitBroker(url, name="tests") as rabbit:
            yield rabbit
        return
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        kwargs=services.operations.conninfo(), min_size=1, open=False
    )
    async with pool:
        yield PostgresBroker(pool)


def waiting(services: ServiceProcesses) -> int:
    """Messages in the work queue of the operations database, those at a worker included."""
    with services.operations.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM broker.messages WHERE queue = %s", (ENRICHMENT_REQUESTS,)
        ).fetchone()
    return int(row[0]) if row else 0


def statuses(services: ServiceProcesses, tracks: Sequence[str]) -> dict[str, int]:
    """How many requests for these tracks stand how."""
    with services.musicdb.connect() as connection:
        return dict(connection.execute(STATUSES, (list(tracks),)).fetchall())


def calls(services: ServiceProcesses) -> dict[str, int]:
    """What the providers were asked so far."""
    return {provider: int(services.simulator.counts(provider)["requests"]) for provider in PROVIDERS}


def catalogue_tracks(count: int, correlation: str) -> list[dict[str, str]]:
    """Bodies for `/enrich/batch`: the catalogue's tracks, each round of them in another spelling."""
    known = [one for one in load_catalogue() if not one.is_trap]
    tracks = []
    for number in range(count):
        one = known[number % len(known)]
        title = f"{one.title} ({one.version})" if one.version else one.title
        spelling = title + "!" * (number // len(known))
        track = {"track_id": f"bulk-{number}", "artist_name": one.artist, "track_title": spelling}
        tracks.append({**track, "correlation_id": correlation})
    return tracks
