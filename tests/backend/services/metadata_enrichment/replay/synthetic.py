"""Evidence and configurations made up from a seed, with every verdict, failure and policy in them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.contracts.waterfall import (
    OnDisagreement,
    WaterfallConfiguration,
    WaterfallField,
    WaterfallStep,
    WhenUnavailable,
)
from backend.services.metadata_enrichment.replay.evidence_set import TrackEvidence
from backend.services.metadata_enrichment.waterfall.evidence import SourceEvidence

PROVIDERS = ("musicbrainz", "spotify", "deezer", "discogs", "itunes")
FIELDS = (
    *("artist_name", "track_title", "isrc", "release_date", "duration_ms", "album"),
    *("label", "bpm", "genres", "artwork_url", "explicit", "popularity"),
)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
_OUTCOMES = ("not_found", "failure", "throttled", "breaker_open", "credential")
_ONLY_IN_RECORD = {"deezer": frozenset({"bpm", "release_date"}), "musicbrainz": frozenset({"genres"})}


def tracks(count: int, seed: int = 1) -> list[TrackEvidence]:
    """Tracks whose sources agree, differ, fail, lack fields, or were never asked."""
    chance = random.Random(seed)
    return [track(chance, number) for number in range(count)]


def track(chance: random.Random, number: int) -> TrackEvidence:
    """One track."""
    received = BEGIN + timedelta(seconds=number)
    asked = [provider for provider in PROVIDERS if chance.random() < 0.85] or ["musicbrainz"]
    sources = {provider: source(chance, provider, number, received) for provider in asked}
    return TrackEvidence(f"t-{number:06}", f"Artist {number % 97}", f"Title {number}", sources, received, {})


def source(chance: random.Random, provider: str, number: int, received: datetime) -> SourceEvidence:
    """What one source had."""
    fate = chance.random()
    if fate < 0.08:
        verdict = chance.choice(["no_match", "unsure"])
        return SourceEvidence(provider, "ok", verdict, received_at=received)
    if fate < 0.2:
        return SourceEvidence(provider, chance.choice(_OUTCOMES), "no_answer", received_at=received)
    values = {field: value(chance, field, number) for field in FIELDS if chance.random() < 0.8}
    values[f"{provider}_id"] = f"{provider[0]}{number}"
    hidden = _ONLY_IN_RECORD.get(provider, frozenset())
    was_looked_up = bool(hidden) and chance.random() < 0.7
    failed = was_looked_up and chance.random() < 0.2
    if failed or not was_looked_up:
        values = {field: held for field, held in values.items() if field not in hidden}
    invalid = {"label": "'[no label]' is no label"} if "label" not in values else {}
    return SourceEvidence(
        provider,
        "failure" if failed else "ok",
        "matched",
        match_probability=round(chance.uniform(0.6, 1.0), 4),
        values=values,
        invalid=invalid,
        lookup_fields=hidden if was_looked_up else frozenset(),
        unasked_fields=hidden if hidden and not was_looked_up else frozenset(),
        calls=2 if was_looked_up else 1,
        received_at=received,
    )


def value(chance: random.Random, field: str, number: int) -> Any:
    """A value of the right kind; sources of the same track mostly say the same."""
    other = chance.choice([0, 0, 0, 1])
    kinds: dict[str, Any] = {
        "isrc": f"GBAAA{(number + other) % 10**7:07}",
        "release_date": f"20{number % 20:02}-0{1 + other}-01"[: chance.choice([4, 7, 10])],
        "duration_ms": 180_000 + number % 1000 + other * 5000,
        "bpm": float(80 + number % 80 + other * 7),
        "genres": [["house", "techno"][other]],
        "explicit": bool(other),
        "popularity": round(chance.random(), 2),
    }
    return kinds.get(field, f"{field} {number}{' (Live)' * other}")


def configuration(chance: random.Random, version: int = 1) -> WaterfallConfiguration:
    """Every field with an order, thresholds and policies of its own."""
    names: Sequence[str] = (*FIELDS, "spotify_id")
    fields = [configured(chance, name) for name in names if chance.random() < 0.95]
    return WaterfallConfiguration(version=version, activated_at=BEGIN, fields=fields)


def configured(chance: random.Random, name: str) -> WaterfallField:
    """One field."""
    order = chance.sample(PROVIDERS, chance.randint(1, len(PROVIDERS)))
    return WaterfallField(
        field=name,
        required_for_gold=False,
        sources=[
            WaterfallStep(
                provider=provider,
                enabled=chance.random() < 0.85,
                min_confidence=round(chance.uniform(0.3, 0.9), 2),
                reliability=round(chance.uniform(0.6, 1.0), 2),
            )
            for provider in order
        ],
        when_unavailable=chance.choice([WhenUnavailable.SKIP, WhenUnavailable.SKIP, WhenUnavailable.WAIT]),
        on_disagreement=chance.choice([OnDisagreement.FIRST, OnDisagreement.FIRST, *OnDisagreement]),
    )
