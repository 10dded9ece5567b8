"""A batch of tracks over gateway and simulator, both at the providers' real limits, in simulated time.

`python -m tests.benchmarks.batch [TRACKS]`. First by names, then the same tracks with their identifiers
known. Waiting costs nothing, so hours pass in minutes: rate gates, breakers, retries, the simulator's limits
and the client that waits for its turn all go by one clock that jumps (`jumping_clock`). Left out: the
database, and the network between the processes. As many tracks are worked on at once as by two workers.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import jumping_clock  # first: it changes the clock

# isort: split
import psycopg
import structlog
from fastapi import FastAPI

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.gateway import Lane
from backend.contracts.waterfall import WaterfallConfiguration
from backend.database.address import DatabaseAddress
from backend.http import httpx
from backend.sandbox import app as sandbox
from backend.sandbox.catalogue import load_catalogue
from backend.services.api_gateway import assembly
from backend.services.api_gateway.gateway import Gateway
from backend.services.api_gateway.metrics import GatewayMetrics
from backend.services.api_gateway.outcomes import HttpAnswer
from backend.services.api_gateway.providers.adapter import ProviderRequest
from backend.services.api_gateway.providers.building import build_adapters
from backend.services.api_gateway.recorder import Recorder
from backend.services.api_gateway.routes import api_router
from backend.services.api_gateway.settings import GatewaySettings
from backend.services.common.database import Database
from backend.services.common.metrics import new_registry
from backend.services.metadata_enrichment.configuration.rows import read_version, version_in_force
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.gathering import Gathered, Gathering
from tests.benchmarks.processes import gateway_databases

TRACKS = 604
"""As many as the catalogue has; more are the same ones in another spelling, with empty caches."""
AT_ONCE = 8
PATIENCE = 120.0
MOST_CALLS = 1.3
_SLACK, _START = 1.05, 10.0
_SIMULATOR = "http://simulator"


@dataclass(frozen=True)
class Track:
    """A request, and the providers' identifiers that Gold has for its track."""

    request: EnrichRequest
    known_ids: Mapping[str, str]


@dataclass(frozen=True)
class Course:
    """What a batch took."""

    seconds: float
    calls: dict[str, int]
    refused: int
    """Calls that the simulator counted as over a limit."""
    in_vain: int
    """Tracks for which some provider was held back in the end."""
    tracks: Sequence["Track"]
    """The same ones, with the identifiers found."""


class InProcessHttp:
    """Calls the simulator as an application instead of over a socket."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, request: ProviderRequest) -> HttpAnswer:
        """The simulator's answer."""
        answer = await self._client.request(
            request.method,
            request.url,
            params=request.query(),
            headers=dict(request.headers),
            data=None if request.form is None else dict(request.form),
        )
        return HttpAnswer(answer.status_code, answer.headers, answer.content)


class World:
    """Gateway and simulator in this process."""

    def __init__(self, configuration: WaterfallConfiguration) -> None:
        self._configuration = configuration
        self._simulator = sandbox.create_app(load_catalogue())
        self._to_simulator = httpx.AsyncClient(transport=httpx.ASGITransport(self._simulator))

    async def run(self, tracks: Sequence[Track]) -> Course:
        """Work on the tracks."""
        before, started = await self._counts(), time.monotonic()
        async with self._gateway() as (gateway, client):
            gathered: list[Gathered] = []
            catalogue = len(load_catalogue())
            for start in range(0, len(tracks), catalogue):
                gathered += await self._round(client, tracks[start : start + catalogue])
                for provider in gateway.providers.values():
                    await provider.forget_answers(None)
        seconds, after = time.monotonic() - started, await self._counts()
        return Course(
            seconds,
            {name: after[name][0] - before[name][0] for name in after},
            sum(after[name][1] - before[name][1] for name in after),
            sum(any(answer.was_held_back for answer in one.answers) for one in gathered),
            [identified(track, one) for track, one in zip(tracks, gathered, strict=True)],
        )

    async def _round(self, client: GatewayClient, tracks: Sequence[Track]) -> list[Gathered]:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(track: Track) -> Gathered:
            async with room:
                request, known = track.request, track.known_ids
                return await Gathering(client, self._configuration, request, "benchmark", known).run()

        return await asyncio.gather(*map(one, tracks))

    @asynccontextmanager
    async def _gateway(self) -> AsyncIterator[tuple[Gateway, GatewayClient]]:
        vars(assembly)["open_http"] = self._open_http
        gateway, application = Gateway("benchmark"), FastAPI()
        application.include_router(api_router(gateway))
        recorder = Recorder(Database({}, name="never opened"))
        settings = GatewaySettings(port=8022, simulator_url=_SIMULATOR)
        transport = httpx.ASGITransport(application)
        async with (
            assembly.open_providers(settings, recorder, GatewayMetrics(new_registry())) as providers,
            httpx.AsyncClient(transport=transport, base_url="http://gateway") as client,
        ):
            gateway.providers = providers
            yield gateway, GatewayClient(client, bulk_patience=PATIENCE).in_lane(Lane.BULK)

    @asynccontextmanager
    async def _open_http(self, _trust: object) -> AsyncIterator[InProcessHttp]:
        yield InProcessHttp(self._to_simulator)

    async def _counts(self) -> dict[str, tuple[int, int]]:
        counts = (await self._to_simulator.get(f"{_SIMULATOR}/requests")).json()
        return {name: (one["requests"], one["troubles"].get("over_limit", 0)) for name, one in counts.items()}


def identified(track: Track, gathered: Gathered) -> Track:
    """The track as it is once it was found: with its ISRC, and the identifiers of those who have it."""
    found = {
        provider: selection.chosen.candidate
        for provider, selection in gathered.selections.items()
        if selection.chosen is not None
    }
    isrcs = Counter(candidate.isrc for candidate in found.values() if candidate.isrc)
    known = {"existing_isrc": isrcs.most_common(1)[0][0]} if isrcs else {}
    ids = {provider: candidate.provider_id for provider, candidate in found.items()}
    return Track(track.request.model_copy(update=known), ids)


def tracks_by_name(count: int) -> list[Track]:
    """Tracks of the catalogue, each round of them in another spelling."""
    known = load_catalogue()
    tracks = []
    for number in range(count):
        one = known[number % len(known)]
        title = f"{one.title} ({one.version})" if one.version else one.title
        spelling = title + "!" * (number // len(known))
        request = EnrichRequest(track_id=f"t-{number}", artist_name=one.artist, track_title=spelling)
        tracks.append(Track(request, {}))
    return tracks


def show(name: str, course: Course, most_calls: float | None) -> None:
    """Pace and calls beside their limits."""
    tracks = len(course.tracks)
    lines = [
        f"{name}, {tracks} tracks: {course.seconds:.0f} s simulated, {course.refused} calls over a limit, "
        f"{course.in_vain} tracks held back in the end",
        _beside_bound("the providers publish", course, _published()),
        _beside_bound("the gateway keeps", course, _kept()),
    ]
    for provider, calls in course.calls.items():
        share = calls / tracks
        limit = "" if most_calls is None else f", limit {most_calls}, ratio {share / most_calls:.2f}"
        lines += [f"  {provider}: {share:.2f} calls a track{limit}"] if calls else []
    sys.stdout.write("\n".join(lines) + "\n")


def _beside_bound(whose: str, course: Course, per_second: Mapping[str, float]) -> str:
    bounds = {provider: calls / per_second[provider] for provider, calls in course.calls.items()}
    slowest = max(bounds, key=lambda provider: bounds[provider])
    limit = _SLACK * bounds[slowest] + _START
    return (
        f"  bound by the limits that {whose}: {bounds[slowest]:.0f} s ({slowest}), "
        f"ratio {course.seconds / bounds[slowest]:.3f}; limit {limit:.0f} s, "
        f"ratio {course.seconds / limit:.3f}"
    )


def _published() -> dict[str, float]:
    """Calls a second that the simulator allows: what the providers document."""
    return {name: limit.calls / limit.seconds for name, (limit, _) in vars(sandbox)["_PROVIDERS"].items()}


def _kept() -> dict[str, float]:
    """Calls a second that the gateway allows itself, with its margins: Discogs 59 in 60.5 s, not 60 in 60."""
    adapters = build_adapters(GatewaySettings(port=8022), time.monotonic)
    return {adapter.name: adapter.limit.calls / adapter.limit.seconds for adapter in adapters}


async def read_configuration(database: DatabaseAddress) -> WaterfallConfiguration:
    """The waterfall that the migrations put in force."""
    connection = await psycopg.AsyncConnection.connect(**database.conninfo())
    async with connection:
        found = await read_version(connection, await version_in_force(connection))
    if found is None:
        raise LookupError("no waterfall is in force")
    return found


async def measure(configuration: WaterfallConfiguration, count: int) -> None:
    """Both batches."""
    world = World(configuration)
    by_name = await world.run(tracks_by_name(count))
    show("By names", by_name, None)
    show("By identifiers", await world.run(by_name.tracks), MOST_CALLS)


def main() -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TRACKS
    with tempfile.TemporaryDirectory() as folder, gateway_databases(Path(folder)) as database:
        configuration = asyncio.run(read_configuration(database))
    jumping_clock.run(measure(configuration, count))


if __name__ == "__main__":
    main()
