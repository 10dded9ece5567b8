"""A sample waterfall: a few fields with their sources, versions in memory."""

# ruff: noqa: ARG002 - the ports fix the arguments

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.contracts.errors import OperatorError
from backend.contracts.providers import Capability, CapabilityState
from backend.contracts.replay import PreviewRequest, ReplayComparison
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
from backend.contracts.waterfall_diff import diff
from backend.contracts.waterfall_rules import FIELDS, PROVIDERS
from controllers.clock import Clock
from tests.gui.sample.replays import TRACKS, before_and_after

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
    "bpm": (("beatport", 0.70), ("spotify", 0.70), ("deezer", 0.60)),
    "musical_key": (("beatport", 0.70),),
    "isrc": (("spotify", 0.80), ("deezer", 0.80), ("musicbrainz", 0.75)),
    "album": (("spotify", 0.65), ("musicbrainz", 0.60), ("deezer", 0.60)),
    "artwork_url": (("spotify", 0.65), ("deezer", 0.65), ("coverartarchive", 0.60)),
    "popularity": (("spotify", 0.70), ("deezer", 0.60)),
    "duration_ms": (("spotify", 0.75), ("musicbrainz", 0.70), ("deezer", 0.70)),
}


_AUTHORS = (
    ("migration 004", "Defaults"),
    ("lea@desk-2", "Deezer behind Spotify for the artwork"),
    ("ada@desk-1", "Tempo from Beatport first"),
    ("mo@ops-3", "Discogs finds more labels since its new index, so it may be a little less sure"),
    ("lea@desk-2", "Discogs before MusicBrainz for labels"),
)


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
    """The waterfall port over a list of versions; `error` and `preview_error` make it fail."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.kept: dict[str, WaterfallDraft] = {}
        self.history: list[WaterfallConfiguration] = []
        self.error: OperatorError | None = None
        self.previews: list[PreviewRequest] = []
        self.preview_error: OperatorError | None = None
        self.capability_error: OperatorError | None = None
        self.responses = 18_211
        for version, (author, comment) in enumerate(_AUTHORS, start=3):
            self.history.append(self._made(version, _earlier_fields(version), author, comment))

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
                fields_changed=self._changed(one),
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
        """Live where an order names the pair and for a few others; the tempo of Spotify has ended."""
        self._answer()
        if self.capability_error is not None:
            raise self.capability_error
        pairs = {(name, field) for field, order in _ORDERS.items() for name, _ in order}
        pairs |= {("itunes", "label"), ("itunes", "genres"), ("beatport", "genres"), ("beatport", "label")}
        live = [Capability(provider=name, field=field, state=CapabilityState.LIVE) for name, field in pairs]
        return [*sorted(live, key=lambda each: each.provider), *_KNOWN]

    def preview(self, environment: str, request: PreviewRequest) -> ReplayComparison:
        """The sample library walked through; every request is remembered."""
        self._answer()
        self.previews.append(request)
        if self.preview_error is not None:
            raise self.preview_error
        base = self.version(environment, request.base_version or self.history[-1].version)
        comparison = before_and_after(base.fields, request, base.version)
        return comparison.model_copy(update={"responses": self.responses})

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

    def _changed(self, one: WaterfallConfiguration) -> list[str]:
        earlier = next((each for each in self.history if each.version == one.version - 1), None)
        return [each.field for each in diff(earlier.fields, one.fields)] if earlier is not None else []

    def _made(
        self, version: int, fields: list[WaterfallField], author: str, comment: str
    ) -> WaterfallConfiguration:
        at: datetime = self._clock() - timedelta(days=3 * max(0, 8 - version), minutes=19)
        return WaterfallConfiguration(
            version=version, activated_at=at, fields=fields, author=author, comment=comment
        )


_KNOWN = (
    Capability(
        provider="spotify",
        field="bpm",
        state=CapabilityState.ENDED,
        since="2024-11-27",
        note="Audio features are closed to new applications.",
    ),
    Capability(
        provider="deezer",
        field="label",
        state=CapabilityState.RESTRICTED,
        note="In the look-up of an album only.",
    ),
    Capability(
        provider="coverartarchive", field="label", state=CapabilityState.ENDED, note="It has pictures only."
    ),
    Capability(
        provider="musicbrainz",
        field="label",
        state=CapabilityState.RESTRICTED,
        note="Labels belong to releases, which need a look-up of their own.",
    ),
)


def _earlier_fields(version: int) -> list[WaterfallField]:
    """The fields as the versions 3 to 7 have them: each puts one field into the order it has now."""
    fields = sample_fields()
    for field, since in (("artwork_url", 4), ("bpm", 5), ("label", 7)):
        if version < since:
            fields = [
                each.model_copy(update={"sources": _swapped(each.sources, 1 if field == "label" else 0)})
                if each.field == field
                else each
                for each in fields
            ]
    if version < 6:
        fields = [_with_threshold(each) if each.field == "label" else each for each in fields]
    return fields


def _swapped(steps: list[WaterfallStep], place: int) -> list[WaterfallStep]:
    return [*steps[:place], steps[place + 1], steps[place], *steps[place + 2 :]]


def _with_threshold(field: WaterfallField) -> WaterfallField:
    steps = [
        step.model_copy(update={"min_confidence": 0.75}) if step.provider == "discogs" else step
        for step in field.sources
    ]
    return field.model_copy(update={"sources": steps})


def full_fields() -> list[WaterfallField]:
    """Every field there is, each from every provider."""
    return [
        WaterfallField(
            field=field,
            required_for_gold=False,
            sources=[
                WaterfallStep(
                    provider=name,
                    enabled=not field.endswith("_id") or field == f"{name}_id",
                    min_confidence=0.5 + place / 20,
                )
                for place, name in enumerate(PROVIDERS)
            ],
        )
        for field in FIELDS
    ]
