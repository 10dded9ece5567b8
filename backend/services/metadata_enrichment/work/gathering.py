"""Asks the providers what the waterfall needs, in as few calls as it takes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.gateway import TrackCandidate
from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.metadata_enrichment.matching.judging import Wanted
from backend.services.metadata_enrichment.matching.selection import Selection, select
from backend.services.metadata_enrichment.waterfall.walk import Source, next_providers, resolve
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient

_ONLY_IN_TRACK = {
    "deezer": frozenset({"bpm", "isrc", "release_date"}),
    "discogs": frozenset({"label", "release_date"}),
    "lastfm": frozenset({"album", "artwork_url", "duration_ms", "genres"}),
    "musicbrainz": frozenset({"label", "genres"}),
}
"""What a provider's search result may lack and its record of the track has."""


@dataclass(frozen=True)
class Gathered:
    """Everything the providers said about one track, and how it was judged."""

    sources: dict[str, Source]
    """Per provider asked, what counts for the waterfall."""
    answers: tuple[Answer, ...]
    """Every call made, in order."""
    selections: dict[str, Selection]

    @property
    def nobody_answered(self) -> bool:
        """Whether no provider at all could be asked; "not found" is an answer."""
        return not any(answer.was_answered for answer in self.answers)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What providers could not do, each once, in an order that does not depend on who was faster."""
        return tuple(sorted({answer.complaint for answer in self.answers if not answer.was_answered}))


class Gathering:
    """The calls for one track: in rounds, until every field has a value or no source is left."""

    def __init__(
        self,
        gateway: GatewayClient,
        configuration: WaterfallConfiguration,
        request: EnrichRequest,
        trace: str,
    ) -> None:
        self._gateway = gateway
        self._configuration = configuration
        self._request = request
        self._trace = trace
        self._wanted = Wanted(request.artist_name, request.track_title, request.existing_isrc)
        self._answers: list[Answer] = []
        self._asked: dict[str, Answer] = {}
        self._lookups: dict[str, Answer] = {}
        self._selections: dict[str, Selection] = {}
        self._known_ids = {
            "spotify": request.existing_spotify_id,
            "musicbrainz": request.existing_musicbrainz_id,
        }

    async def run(self) -> Gathered:
        """Ask, judge, ask on."""
        while providers := next_providers(self._configuration, self._sources()):
            answers = await asyncio.gather(*(self._ask(provider) for provider in providers))
            self._asked.update(zip(providers, answers, strict=True))
            candidates = {name: answer.candidates for name, answer in self._asked.items()}
            self._selections = select(self._wanted, candidates)
            await asyncio.gather(*(self._look_up(provider) for provider in self._lacking()))
        return Gathered(self._sources(), tuple(self._answers), self._selections)

    async def _ask(self, provider: str) -> Answer:
        """By identifier when one is known, else, or when that leads nowhere, by name."""
        if known := self._known_ids.get(provider):
            answer = await self._gateway.track(provider, known, self._trace)
            self._answers.append(answer)
            if answer.candidates:
                self._lookups[provider] = answer
                return answer
        wanted = self._wanted
        answer = await self._gateway.search(provider, wanted.artist, wanted.title, wanted.isrc, self._trace)
        self._answers.append(answer)
        return answer

    async def _look_up(self, provider: str) -> None:
        chosen = self._selections[provider].chosen
        if chosen is None:
            return
        answer = await self._gateway.track(provider, chosen.candidate.provider_id, self._trace)
        self._answers.append(answer)
        self._lookups[provider] = answer

    def _lacking(self) -> Sequence[str]:
        """Providers whose turn it was for a field that only their record of the track has."""
        steps = resolve(self._configuration, self._sources()).steps
        lacking = (
            step.provider
            for step in steps
            if step.outcome == "no_value" and step.field in _ONLY_IN_TRACK.get(step.provider, ())
        )
        return [provider for provider in dict.fromkeys(lacking) if provider not in self._lookups]

    def _sources(self) -> dict[str, Source]:
        return {provider: self._source(provider, answer) for provider, answer in self._asked.items()}

    def _source(self, provider: str, answer: Answer) -> Source:
        selection = self._selections[provider]
        chosen, lookup = selection.chosen, self._lookups.get(provider)
        if chosen is None or lookup is None:
            return Source(answer, chosen, selection.reason)
        gaps = _gaps(chosen.candidate, lookup)
        completed = replace(chosen, candidate=chosen.candidate.model_copy(update=gaps))
        return Source(answer, completed, selection.reason, lookup, frozenset(gaps))


def _gaps(known: TrackCandidate, lookup: Answer) -> dict[str, Any]:
    """What the provider's record of the same track has and the search result has not."""
    record = next((one for one in lookup.candidates if one.provider_id == known.provider_id), None)
    if record is None:
        return {}
    had = known.model_dump()
    return {name: value for name, value in record.model_dump().items() if value and not had[name]}
