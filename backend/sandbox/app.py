"""The simulator's application: the providers, their knobs, and what was asked of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from backend.sandbox.behaviour import Behaviour, Knobs, Limit
from backend.sandbox.catalogue import Recording, with_traps
from backend.sandbox.providers import (
    beatport,
    coverartarchive,
    deezer,
    discogs,
    itunes,
    lastfm,
    listenbrainz,
    musicbrainz,
    spotify,
)
from backend.sandbox.providers.interruption import Interruption, answer_interruption
from backend.services.common.metrics import metrics_route, new_registry

RouterFactory = Callable[[Sequence[Recording], Behaviour], APIRouter]

_PROVIDERS: Mapping[str, tuple[Limit, RouterFactory]] = {
    musicbrainz.NAME: (musicbrainz.LIMIT, musicbrainz.musicbrainz_router),
    spotify.NAME: (spotify.LIMIT, spotify.spotify_router),
    deezer.NAME: (deezer.LIMIT, deezer.deezer_router),
    discogs.NAME: (discogs.LIMIT, discogs.discogs_router),
    listenbrainz.NAME: (listenbrainz.LIMIT, listenbrainz.listenbrainz_router),
    coverartarchive.NAME: (coverartarchive.LIMIT, coverartarchive.coverartarchive_router),
    itunes.NAME: (itunes.LIMIT, itunes.itunes_router),
    lastfm.NAME: (lastfm.LIMIT, lastfm.lastfm_router),
    beatport.NAME: (beatport.LIMIT, beatport.beatport_router),
}


def create_app(recordings: Sequence[Recording], release: str = "development") -> FastAPI:
    """The simulator over the given recordings. Every application has its own knobs and counters."""
    behaviours = {name: Behaviour(name, limit) for name, (limit, _) in _PROVIDERS.items()}
    everything = with_traps(recordings)
    registry = new_registry()
    registry.register(_RequestCounts(behaviours))
    app = FastAPI(title="SongNodes provider simulator", routes=[metrics_route(registry)])
    app.add_exception_handler(Interruption, answer_interruption)
    for name, (_, router) in _PROVIDERS.items():
        app.include_router(router(everything, behaviours[name]), tags=[name])
    app.include_router(_control_router(behaviours, len(everything), release), tags=["control"])
    return app


def _control_router(behaviours: Mapping[str, Behaviour], recordings: int, release: str) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, Any]:
        about = {"service": "provider-simulator", "release": release, "recordings": recordings}
        return {"status": "healthy", **about, "providers": sorted(behaviours)}

    @router.get("/requests")
    async def requests() -> dict[str, Any]:
        return {name: asdict(behaviour.counts) for name, behaviour in behaviours.items()}

    @router.get("/knobs")
    async def all_knobs() -> dict[str, Knobs]:
        return {name: behaviour.knobs for name, behaviour in behaviours.items()}

    @router.get("/knobs/{provider}")
    async def knobs(provider: str) -> Knobs:
        return _find(behaviours, provider).knobs

    @router.put("/knobs/{provider}")
    async def turn(provider: str, wanted: Knobs) -> Knobs:
        behaviour = _find(behaviours, provider)
        behaviour.turn(wanted)
        return behaviour.knobs

    return router


def _find(behaviours: Mapping[str, Behaviour], provider: str) -> Behaviour:
    if provider not in behaviours:
        known = ", ".join(sorted(behaviours))
        raise HTTPException(404, f"There is no simulated provider '{provider}'. Known: {known}.")
    return behaviours[provider]


class _RequestCounts(Collector):
    """Requests and troubles by provider, read from the behaviours when Prometheus asks."""

    def __init__(self, behaviours: Mapping[str, Behaviour]) -> None:
        self._behaviours = behaviours

    def collect(self) -> list[CounterMetricFamily]:
        requests = CounterMetricFamily("simulator_requests", "Requests received.", labels=["provider"])
        troubles = CounterMetricFamily(
            "simulator_troubles", "Requests answered with trouble.", labels=["provider", "kind"]
        )
        for name, behaviour in self._behaviours.items():
            requests.add_metric([name], behaviour.counts.requests)
            for kind, count in behaviour.counts.troubles.items():
                troubles.add_metric([name, kind], count)
        return [requests, troubles]
