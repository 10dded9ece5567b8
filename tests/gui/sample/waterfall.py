"""A sample waterfall: a few fields with their sources, versions in memory."""

# ruff: noqa: ARG002 - the ports fix the arguments

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from backend.contracts.errors import OperatorError
from backend.contracts.providers import Capability, CapabilityState
from backend.contracts.replay import FieldComparison, FieldOutcome, PreviewRequest, ReplayComparison
from backend.contracts.waterfall import (
    FieldCoverage,
    VersionSummary,
    WaterfallChange,
    WaterfallConfiguration,
    WaterfallConflictError,
    WaterfallDraft,
    WaterfallField,
    WaterfallStep,
)
from controllers.clock import Clock

_ORDERS: dict[str, tuple[tuple[str, float], ...]] = {
    "genres": (("discogs", 0.55), ("musicbrainz", 0.50), ("lastfm", 0.50)),
    "label": (
        ("beatport", 0.80),
        ("discogs", 0.70),
        ("musicbrainz", 0.75),
        ("spotify", 0.60),
        ("lastfm", 0.50),
    ),
    "release_date": (("musicbrainz", 0.70), ("spotify", 0.65), ("deezer", 0.60), ("discogs", 0.55)),
    "bpm": (("beatport", 0.70), ("deezer", 0.60)),
    "musical_key": (("beatport", 0.70),),
    "isrc": (("spotify", 0.80), ("deezer", 0.80), ("musicbrainz", 0.75)),
    "album": (("spotify", 0.65), ("musicbrainz", 0.60), ("deezer", 0.60)),
    "artwork_url": (("spotify", 0.65), ("deezer", 0.65), ("coverartarchive", 0.60)),
    "popularity": (("spotify", 0.70), ("deezer", 0.60)),
    "duration_ms": (("spotify", 0.75), ("musicbrainz", 0.70), ("deezer", 0.70)),
}
TRACKS = 5000


def sample_fields() -> list[WaterfallField]:
    """The fields of the version in force; beatport is off for the label."""
    return [
        WaterfallField(
            field=field,
            required_for_gold=field in ("isrc", "duration_ms"),
            sources=[
                WaterfallStep(
                    provider=name,
                    enabled=(field, name) != ("label", "beatport"),
                    min_confidence=least,
                    reliability=0.9,
                )
                for name, least in order
            ],
        )
        for field, order in _ORDERS.items()
    ]


class SampleWaterfall:
    """The waterfall port over a list of versions; `current` may be replaced by what raises."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept: dict[str, WaterfallDraft] = {}
        self.history: list[WaterfallConfiguration] = []
        self.error: OperatorError | None = None
        self.previews: list[PreviewRequest] = []
        self.compare: Callable[[PreviewRequest, int], ReplayComparison] = compare
        for version, (author, comment) in enumerate(
            [("migration 004", "Defaults"), ("lea@desk-2", "Discogs before MusicBrainz for labels")], start=6
        ):
            self.history.append(self._made(version, sample_fields(), author, comment))

    def configuration(self, environment: str) -> WaterfallConfiguration:
        """The newest version."""
        self._answer()
        return self.history[-1]

    def versions(self, environment: str, before: int | None, limit: int) -> Sequence[VersionSummary]:
        """The history."""
        self._answer()
        newest = self.history[-1].version
        return [
            VersionSummary(
                version=one.version,
                created_at=one.activated_at,
                author=one.author,
                comment=one.comment,
                base_version=one.version - 1,
                in_force=one.version == newest,
                fields_changed=["label"],
            )
            for one in reversed(self.history)
            if before is None or one.version < before
        ][:limit]

    def version(self, environment: str, version: int) -> WaterfallConfiguration:
        """One version."""
        self._answer()
        return next(one for one in self.history if one.version == version)

    def coverage(self, environment: str) -> Sequence[FieldCoverage]:
        """Falling coverage, the first source giving most."""
        self._answer()
        return [
            FieldCoverage(
                field=field,
                tracks=TRACKS,
                filled=TRACKS - 140 * place,
                mean_confidence=0.9 - place / 100,
                by_provider={
                    name: (TRACKS - 140 * place) // (2**at) for at, (name, _) in enumerate(order, 1)
                },
            )
            for place, (field, order) in enumerate(_ORDERS.items())
        ]

    def capabilities(self, environment: str) -> Sequence[Capability]:
        """Live where an order names the pair; two known ends."""
        self._answer()
        live = [
            Capability(provider=name, field=field, state=CapabilityState.LIVE)
            for field, order in _ORDERS.items()
            for name, _ in order
        ]
        ended = Capability(
            provider="spotify",
            field="bpm",
            state=CapabilityState.ENDED,
            since="2024-11-27",
            note="Audio features are closed to new applications.",
        )
        return [*live, ended]

    def preview(self, environment: str, request: PreviewRequest) -> ReplayComparison:
        """What `compare` says; every request is remembered."""
        self._answer()
        self.previews.append(request)
        return self.compare(request, self.history[-1].version)

    def apply(self, environment: str, change: WaterfallChange) -> WaterfallConfiguration:
        """The next version, or a conflict."""
        self._answer()
        newest = self.history[-1]
        if change.base_version != newest.version:
            raise WaterfallConflictError(
                f"Version {newest.version} by {newest.author} came into force meanwhile.",
                "Look at what changed, then apply again.",
                newest,
            )
        return self.add_version(change.fields, change.author, change.comment)

    def add_version(self, fields: list[WaterfallField], author: str, comment: str) -> WaterfallConfiguration:
        """Somebody put a new version in force."""
        made = self._made(self.history[-1].version + 1, fields, author, comment)
        self.history.append(made)
        return made

    def draft(self, environment: str) -> WaterfallDraft | None:
        """The draft kept."""
        return self.kept.get(environment)

    def keep_draft(self, environment: str, draft: WaterfallDraft) -> None:
        """Keep it."""
        self.kept[environment] = draft

    def drop_draft(self, environment: str) -> None:
        """Forget it."""
        self.kept.pop(environment, None)

    def operator(self) -> str:
        """Who is at the console."""
        return "ada@desk-1"

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error

    def _made(
        self, version: int, fields: list[WaterfallField], author: str, comment: str
    ) -> WaterfallConfiguration:
        at: datetime = self._clock() - timedelta(days=max(0, 9 - version))
        return WaterfallConfiguration(
            version=version, activated_at=at, fields=fields, author=author, comment=comment
        )


def _coverage(field: str, order: tuple[tuple[str, float], ...], place: int) -> FieldCoverage:
    filled = TRACKS - 140 * place
    return FieldCoverage(
        field=field,
        tracks=TRACKS,
        filled=filled,
        mean_confidence=0.9 - place / 100,
        by_provider={name: filled // (2**at) for at, (name, _) in enumerate(order, 1)},
    )


def compare(request: PreviewRequest, base: int) -> ReplayComparison:
    """Nothing differs."""
    fields = [
        FieldComparison(
            field=field.field,
            before=FieldOutcome(filled=4000, mean_confidence=0.81, winners={}),
            after=FieldOutcome(filled=4000, mean_confidence=0.81, winners={}),
            differing=0,
            unjudged=0,
        )
        for field in request.fields
    ]
    return ReplayComparison(
        base_version=base,
        tracks=TRACKS,
        responses=18_211,
        evidence_until=None,
        fields=fields,
        differing=0,
        unjudged=0,
        judged_share=1.0,
        calls_per_track_before=2.3,
        calls_per_track_after=2.3,
        providers=[],
        bottleneck_before=None,
        bottleneck_after=None,
        differences=[],
        dominated=[],
        milliseconds=140.0,
    )
