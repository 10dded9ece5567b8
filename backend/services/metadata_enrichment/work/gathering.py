"""Asks the providers what the waterfall needs, in as few calls as it takes."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.contracts.enrichment import EnrichRequest
from backend.contracts.gateway import Outcome
from backend.contracts.waterfall import WaterfallConfiguration
from backend.services.metadata_enrichment.matching.judging import Wanted
from backend.services.metadata_enrichment.matching.selection import Selection, Verdict, select
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence
from backend.services.metadata_enrichment.waterfall.resolution import sources_needed
from backend.services.metadata_enrichment.work import artwork, provider_ways
from backend.services.metadata_enrichment.work.answers import Answer
from backend.services.metadata_enrichment.work.evidence import Consulted, evidence_of
from backend.services.metadata_enrichment.work.gateway_client import GatewayClient
from backend.services.metadata_enrichment.work.provider_ways import ARTWORK_ARCHIVE, RELEASE_SOURCE

_NO_USE_TO_SEARCH = frozenset({Outcome.THROTTLED, Outcome.QUOTA, Outcome.CREDENTIAL})
"""What befell a look-up would befall the search after it."""


@dataclass(frozen=True)
class Gathered:
    """Everything the providers said about one track, and how it was judged."""

    evidence: Mapping[str, SourceEvidence]
    """Per provider asked, what counts for the waterfall."""
    answers: tuple[Answer, ...]
    """Every call made, in order."""
    selections: Mapping[str, Selection]

    @property
    def nobody_answered(self) -> bool:
        """Whether no provider at all could be asked; "not found" is an answer."""
        return not any(answer.was_answered for answer in self.answers)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What providers could not do, each once, in an order that does not depend on who was faster."""
        return tuple(sorted({answer.complaint for answer in self.answers if not answer.was_answered}))


class Gathering:
    """The calls for one track: in rounds, until no field needs a source any more.

    A look-up goes before a search, by the identifiers of the request, of Gold (`known_ids`, by provider) or
    of an earlier round, and no call is made twice.
    """

    def __init__(
        self,
        gateway: GatewayClient,
        configuration: WaterfallConfiguration,
        request: EnrichRequest,
        trace: str,
        known_ids: Mapping[str, str] | None = None,
    ) -> None:
        self._gateway = gateway
        self._configuration = configuration
        self._trace = trace
        self._wanted = Wanted(request.artist_name, request.track_title, request.existing_isrc)
        self._answers: list[Answer] = []
        self._asked: dict[str, Answer] = {}
        self._lookups: dict[tuple[str, str], Answer] = {}
        self._selections: dict[str, Selection] = {}
        self._known_ids = {**(known_ids or {}), **_ids_in(request)}

    async def run(self) -> Gathered:
        """Ask, judge, ask on."""
        evidence: dict[str, SourceEvidence] = {}
        while needed := sources_needed(self._configuration, evidence):
            new, known = self._turn(needed)
            asked = asyncio.gather(*map(self._ask, new))
            answers, _ = await asyncio.gather(asked, asyncio.gather(*map(self._look_up, known)))
            self._asked.update(zip(new, answers, strict=True))
            self._selections = self._judged()
            evidence = {provider: self._evidence(provider) for provider in self._asked}
        return Gathered(evidence, tuple(self._answers), self._selections)

    def _turn(self, needed: Sequence[str]) -> tuple[list[str], list[str]]:
        """Whom to ask now and whom to look up; who is better asked with what these tell comes later."""
        known = [provider for provider in needed if provider in self._asked]
        new = [provider for provider in needed if provider not in self._asked]
        if ARTWORK_ARCHIVE in new and RELEASE_SOURCE not in {*self._asked, *new}:
            new.append(RELEASE_SOURCE)
        together = frozenset(new)
        return [one for one in new if not self._waits_for(one) & together], known

    def _waits_for(self, provider: str) -> frozenset[str]:
        by_isrc = provider in provider_ways.BY_ISRC and self._isrc()
        if provider != ARTWORK_ARCHIVE and (by_isrc or self._identifier(provider)):
            return frozenset()
        return provider_ways.who_tells(provider)

    async def _ask(self, provider: str) -> Answer:
        """By identifier when one is known, else, or when that leads nowhere, by ISRC or by names."""
        if provider == ARTWORK_ARCHIVE:
            return await self._ask_archive()
        if known := self._identifier(provider):
            answer = await self._track(provider, known)
            if self._names_it(answer) or answer.outcome in _NO_USE_TO_SEARCH:
                return answer
            self._lookups[provider, known] = answer  # it is not made again should the search name it
        isrc = self._isrc() if provider in provider_ways.BY_ISRC else None
        answer = await self._search(provider, isrc)
        if isrc and answer.candidates and not self._names_it(answer):  # some ISRCs are those of another track
            answer = await self._search(provider, None)
        return answer

    async def _ask_archive(self) -> Answer:
        source = self._asked[RELEASE_SOURCE]
        release = artwork.release_of(self._selections[RELEASE_SOURCE])
        if release is None:
            return artwork.without_release(source)
        return await self._track(ARTWORK_ARCHIVE, release)

    async def _look_up(self, provider: str) -> None:
        chosen = self._selections[provider].chosen
        if chosen is not None:
            identifier = chosen.candidate.provider_id
            self._lookups[provider, identifier] = await self._track(provider, identifier)

    async def _track(self, provider: str, identifier: str) -> Answer:
        answer = await self._gateway.track(provider, identifier, self._trace)
        self._answers.append(answer)
        return answer

    async def _search(self, provider: str, isrc: str | None) -> Answer:
        wanted = self._wanted
        answer = await self._gateway.search(provider, wanted.artist, wanted.title, isrc, self._trace)
        self._answers.append(answer)
        return answer

    def _identifier(self, provider: str) -> str | None:
        chosen = {name: one.chosen for name, one in self._selections.items()}
        found = {name: one.candidate.provider_id for name, one in chosen.items() if one is not None}
        known = {**self._known_ids, **found}
        return provider_ways.identifier(provider, known, self._wanted.artist, self._wanted.title)

    def _isrc(self) -> str | None:
        """The one asked for, else that of the surest match so far."""
        if self._wanted.isrc:
            return self._wanted.isrc
        chosen = [one.chosen for one in self._selections.values() if one.chosen is not None]
        named = [one for one in chosen if one.candidate.isrc]
        surest = max(named, key=lambda one: one.probability, default=None)
        return surest.candidate.isrc if surest else None

    def _names_it(self, answer: Answer) -> bool:
        """Whether the wanted track may be among the candidates."""
        judged = select(self._wanted, {answer.provider: answer.candidates})
        return judged[answer.provider].verdict is not Verdict.NO_MATCH

    def _judged(self) -> dict[str, Selection]:
        candidates = {
            name: answer.candidates for name, answer in self._asked.items() if name != ARTWORK_ARCHIVE
        }
        selections = select(self._wanted, candidates)
        if archive := self._asked.get(ARTWORK_ARCHIVE):
            selections[ARTWORK_ARCHIVE] = artwork.judged(archive, selections[RELEASE_SOURCE])
        return selections

    def _evidence(self, provider: str) -> SourceEvidence:
        selection = self._selections[provider]
        chosen = selection.chosen.candidate.provider_id if selection.chosen else ""
        calls = Counter(answer.provider for answer in self._answers)[provider]
        lookup = self._lookups.get((provider, chosen))
        return evidence_of(Consulted(self._asked[provider], selection, lookup, calls))


def _ids_in(request: EnrichRequest) -> dict[str, str]:
    given = {"spotify": request.existing_spotify_id, "musicbrainz": request.existing_musicbrainz_id}
    return {provider: identifier for provider, identifier in given.items() if identifier}
