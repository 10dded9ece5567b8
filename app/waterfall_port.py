"""The waterfall configuration for the console and the command line."""

from collections.abc import Callable, Sequence
from typing import Protocol

from app.operator import operator
from app.waterfall_drafts import WaterfallDrafts
from backend.clients.enrichment import EnrichmentClient
from backend.clients.gateway import GatewayClient
from backend.clients.json_service import WriteGuard
from backend.contracts.access import refuse_production
from backend.contracts.environment import Environment
from backend.contracts.providers import Capability
from backend.contracts.replay import PreviewRequest, ReplayComparison
from backend.contracts.waterfall import (
    FieldCoverage,
    VersionSummary,
    WaterfallChange,
    WaterfallConfiguration,
    WaterfallDraft,
)
from backend.home import Home


class Place(Protocol):
    """What is needed of a target."""

    @property
    def environment(self) -> Environment:
        """The profile."""

    def admin_token(self) -> str:
        """Bearer token of admin calls."""


class Waterfall:
    """The waterfall port of the controllers, and what the command line uses."""

    def __init__(
        self, place: Callable[[str], Place], home: Home, guard: WriteGuard = refuse_production
    ) -> None:
        self._place = place
        self._guard = guard
        self._drafts = WaterfallDrafts(home)

    def configuration(self, environment: str) -> WaterfallConfiguration:
        """The version in force."""
        return self._client(environment).waterfall()

    def versions(self, environment: str, before: int | None, limit: int) -> Sequence[VersionSummary]:
        """The history, newest first; `before` gives the ones below that version."""
        return self._client(environment).versions(before, limit)

    def version(self, environment: str, version: int) -> WaterfallConfiguration:
        """One version."""
        return self._client(environment).version(version)

    def coverage(self, environment: str) -> Sequence[FieldCoverage]:
        """How each field stands in Gold."""
        return self._client(environment).coverage()

    def capabilities(self, environment: str) -> Sequence[Capability]:
        """Which provider gives which field, and since when no more."""
        place = self._place(environment)
        return GatewayClient(place.environment, place.admin_token()).capabilities()

    def preview(self, environment: str, request: PreviewRequest) -> ReplayComparison:
        """What a draft would change, by stored answers alone; nothing is called."""
        return self._client(environment).preview(request)

    def apply(self, environment: str, change: WaterfallChange) -> WaterfallConfiguration:
        """Put the next version in force; WaterfallConflictError: another one came first."""
        return self._client(environment).apply(change)

    def draft(self, environment: str) -> WaterfallDraft | None:
        """The draft that was kept, if there is one."""
        return self._drafts.read(environment)

    def keep_draft(self, environment: str, draft: WaterfallDraft) -> None:
        """Keep the draft until it is dropped."""
        self._drafts.write(environment, draft)

    def drop_draft(self, environment: str) -> None:
        """Forget the draft."""
        self._drafts.remove(environment)

    def operator(self) -> str:
        """Who is at the console, as `user@host`."""
        return operator()

    def _client(self, environment: str) -> EnrichmentClient:
        place = self._place(environment)
        return EnrichmentClient(place.environment, place.admin_token(), guard=self._guard)
