"""A sample replay: a made-up library walked through before and after, so that figures follow a draft."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from zlib import crc32

from backend.contracts.replay import (
    DominatedStep,
    FieldComparison,
    FieldOutcome,
    PreviewRequest,
    ProviderCalls,
    ReplayComparison,
    ValueDifference,
    ValueSide,
)
from backend.contracts.waterfall import WaterfallField

TRACKS = 5000
_WALKED = 250
"""Tracks that are walked through; each stands for twenty."""
_EACH = TRACKS // _WALKED

_NAMES = (
    ("deadmau5", "Strobe", "mau5trap", "Ultra"),
    ("Eric Prydz", "Opus", "Pryda Recordings", "Virgin EMI"),
    ("CamelPhat & Elderbrook", "Cola", "Defected Records", "Defected"),
    ("Sasha", "Xpander", "deConstruction", "Deconstruction"),
    ("Adam Beyer", "Your Mind", "Drumcode", "Drumcode Limited"),
    ("Above & Beyond", "Sun & Moon (Distinct Instruction Remix)", "Anjunabeats", "Anjunabeats Ltd."),
    ("Bicep", "Glue", "Ninja Tune", "Ninja Tunes"),
)
_LIMITS = {"musicbrainz": 1.0, "discogs": 1.0, "lastfm": 5.0, "beatport": 0.5, "spotify": 6.0, "deezer": 10.0}


@dataclass(frozen=True)
class _Found:
    provider: str | None = None
    least: float = 0.0
    place: int = 0
    confidence: float = 0.0


def before_and_after(
    base: Sequence[WaterfallField], request: PreviewRequest, version: int
) -> ReplayComparison:
    """`base` against the draft of `request`."""
    old = {field.field: field for field in base}
    fields = [_field(old.get(field.field), field) for field in request.fields]
    wanted = [field for field in request.fields if request.field in (None, field.field)]
    found = (each for field in wanted for each in _differences(old.get(field.field), field))
    differences = list(islice(found, request.differences))
    providers = [_calls(name, list(base), request.fields) for name in _LIMITS]
    slowest = max(providers, key=lambda each: each.hours_after or 0)
    was = max(providers, key=lambda each: each.hours_before or 0)
    return ReplayComparison(
        base_version=request.base_version or version,
        tracks=TRACKS,
        responses=18_211,
        evidence_until=datetime(2026, 11, 23, 14, 40, tzinfo=UTC),
        fields=fields,
        differing=sum(field.differing for field in fields),
        unjudged=sum(field.unjudged for field in fields),
        judged_share=1 - sum(field.unjudged for field in fields) / (TRACKS * len(fields)),
        calls_per_track_before=sum(each.before for each in providers),
        calls_per_track_after=sum(each.after for each in providers),
        providers=providers,
        bottleneck_before=was.provider,
        bottleneck_after=slowest.provider,
        differences=differences,
        dominated=list(_dominated(request.fields)),
        milliseconds=184.0,
    )


@lru_cache(maxsize=65536)
def _chance(*parts: object) -> float:
    """Between 0 and 1, always the same for the same parts."""
    return crc32("/".join(map(str, parts)).encode()) / 0xFFFFFFFF


def _confidence(field: str, provider: str, track: int) -> float:
    """0 when the provider has nothing; spotify knows no tempo any more."""
    if (provider, field) == ("spotify", "bpm") or _chance(field, provider, track, "has") > 0.62:
        return 0.0
    return 0.45 + 0.54 * _chance(field, provider, track, "sure")


def _walks(field: WaterfallField | None) -> tuple[_Found, ...]:
    """What each track that is walked through gets."""
    if field is None:
        return (_Found(),) * _WALKED
    steps = tuple((step.provider, step.enabled, step.min_confidence) for step in field.sources)
    return _walked(field.field, steps)


@lru_cache(maxsize=512)
def _walked(field: str, steps: tuple[tuple[str, bool, float], ...]) -> tuple[_Found, ...]:
    return tuple(_walk(field, steps, track) for track in range(_WALKED))


def _walk(field: str, steps: tuple[tuple[str, bool, float], ...], track: int) -> _Found:
    for place, (provider, enabled, least) in enumerate(steps, 1):
        if enabled and (confidence := _confidence(field, provider, track)) >= least:
            return _Found(provider, least, place, round(confidence, 2))
    return _Found()


def _outcome(field: WaterfallField | None) -> FieldOutcome:
    found = [each for each in _walks(field) if each.provider is not None]
    winners = Counter(each.provider for each in found if each.provider is not None)
    mean = sum(each.confidence for each in found) / len(found) if found else None
    return FieldOutcome(
        filled=len(found) * _EACH,
        mean_confidence=mean,
        winners={name: number * _EACH for name, number in winners.items()},
    )


def _field(old: WaterfallField | None, new: WaterfallField) -> FieldComparison:
    pairs = zip(_walks(old), _walks(new), strict=True)
    asked = {step.provider for step in old.sources if step.enabled} if old is not None else set()
    added = [step for step in new.sources if step.enabled and step.provider not in asked]
    return FieldComparison(
        field=new.field,
        before=_outcome(old),
        after=_outcome(new),
        differing=sum(one.provider != other.provider for one, other in pairs) * _EACH,
        unjudged=37 * len(added),
    )


def _differences(old: WaterfallField | None, new: WaterfallField) -> Iterator[ValueDifference]:
    before, after = _walks(old), _walks(new)
    for number in range(TRACKS):
        one, other = before[number % _WALKED], after[number % _WALKED]
        if one.provider == other.provider:
            continue
        artist, title, label, alias = _NAMES[number % len(_NAMES)]
        yield ValueDifference(
            track_id=f"track-{number:04}",
            artist_name=artist,
            track_title=title if number < len(_NAMES) else f"{title} #{number}",
            field=new.field,
            before=_side(one, alias),
            after=_side(other, label),
        )


def _side(found: _Found, value: str) -> ValueSide:
    if found.provider is None:
        return ValueSide(provider=None, detail="No source reached its threshold.")
    return ValueSide(
        provider=found.provider,
        value=value,
        confidence=found.confidence,
        position=found.place,
        match_probability=0.98,
        detail=f"The first of the order that reached its threshold of {found.least:.2f}.",
    )


def _calls(name: str, old: Sequence[WaterfallField], new: Sequence[WaterfallField]) -> ProviderCalls:
    before, after = _asked(name, old), _asked(name, new)
    limit = _LIMITS[name]
    return ProviderCalls(
        provider=name,
        before=before,
        after=after,
        limit_per_second=limit,
        hours_before=before * 10_000 / limit / 3600,
        hours_after=after * 10_000 / limit / 3600,
    )


def _asked(name: str, fields: Sequence[WaterfallField]) -> float:
    """One call serves all fields; the earlier a provider stands the more tracks it is asked about."""
    places = [
        place
        for field in fields
        for place, step in enumerate((step for step in field.sources if step.enabled), 1)
        if step.provider == name
    ]
    return round(min(0.97, 0.6 / min(places) + 0.08 * len(places)), 2) if places else 0.0


def _dominated(fields: Sequence[WaterfallField]) -> Iterator[DominatedStep]:
    for field in fields:
        for place, step in enumerate(field.sources, 1):
            if step.enabled and place >= 5:
                advice = (
                    f"{step.provider} is asked for {field.field} of 312 tracks and wins 4 of them. "
                    "Move it up, lower its threshold, or remove it."
                )
                yield DominatedStep(
                    field=field.field,
                    provider=step.provider,
                    position=place,
                    wins=4,
                    asked=312,
                    advice=advice,
                )
